import { useEffect, useRef } from 'preact/hooks';
import { DropArea } from './import/drop-area.tsx';
import { Uploads } from './import/uploads.tsx';
import { failureText } from './parts/answered.tsx';
import { Mark } from './parts/icons.tsx';
import { Notices } from './parts/notices.tsx';
import { hrefOf, type Route, useRoute } from './route.ts';
import type { Failure } from './server/failure.ts';
import type { Answer } from './server/use-answer.ts';
import { SessionProvider, useSession, useStatus } from './session.tsx';
import { Account, SignInFirst } from './sign-in.tsx';
import { Activity } from './views/activity.tsx';
import { Connect } from './views/connect.tsx';
import { Image } from './views/image.tsx';
import { Images } from './views/images.tsx';
import { Overview } from './views/overview.tsx';
import { Repository } from './views/repository.tsx';

export function App() {
  return (
    <SessionProvider>
      <Frame />
    </SessionProvider>
  );
}

const TABS = [
  { route: { view: 'overview' }, text: 'Overview', views: ['overview'] },
  { route: { view: 'images' }, text: 'Images', views: ['images', 'repository', 'image'] },
  { route: { view: 'activity' }, text: 'Activity', views: ['activity'] },
  { route: { view: 'connect' }, text: 'Connect', views: ['connect'] },
] as const satisfies readonly {
  readonly route: Route;
  readonly text: string;
  readonly views: readonly Route['view'][];
}[];

function Frame() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const place = titleOf(route);
  const { answer } = useSession();
  const signedOut = answer.state === 'failed' && answer.failure.kind === 'signed-out';

  // What the browser does for a new document: title, top of the page, and where reading begins.
  useEffect(() => {
    document.title = `${place} · Holdfast`;
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.querySelector('h1')?.focus({ preventScroll: true });
  }, [place]);

  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        To the content
      </a>
      <header class="top">
        <a class="brand" href={hrefOf({ view: 'overview' })}>
          <Mark />
          Holdfast
        </a>
        <nav aria-label="Views">
          {TABS.map(({ route: target, text, views }) => (
            <a
              key={text}
              href={hrefOf(target)}
              aria-current={views.some((view) => view === route.view) ? 'page' : undefined}
            >
              {text}
            </a>
          ))}
        </nav>
        <Account />
      </header>
      <Health />
      <main ref={main} id="main" tabIndex={-1}>
        {signedOut ? <SignInFirst /> : <View route={route} />}
      </main>
      <Foot />
      <Uploads />
      <Notices />
      <DropArea />
    </>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'overview':
      return <Overview />;
    case 'images':
      return <Images />;
    case 'repository':
      return <Repository key={route.repository} repository={route.repository} />;
    case 'image':
      return <Image key={route.image} image={route.image} />;
    case 'activity':
      return <Activity />;
    case 'connect':
      return <Connect />;
    case 'unknown':
      return (
        <>
          <h1 tabIndex={-1}>There is nothing here</h1>
          <p>
            <a href={hrefOf({ view: 'overview' })}>To the overview</a>
          </p>
        </>
      );
  }
}

function titleOf(route: Route): string {
  switch (route.view) {
    case 'overview':
      return 'Overview';
    case 'images':
      return 'Images';
    case 'repository':
      return route.repository;
    case 'image':
      return route.image;
    case 'activity':
      return 'Activity';
    case 'connect':
      return 'Connect';
    case 'unknown':
      return 'Nothing here';
  }
}

/** What touches everything on the page. */
function Health() {
  const { answer } = useSession();
  const failure = failureToTell(answer);
  const offline = answer.state === 'here' && answer.value.offline;
  return (
    <div role="status" class="health">
      {failure && <p class="banner bad">{failureText(failure)}</p>}
      {offline && <p class="banner">Offline by configuration: no upstream is asked.</p>}
    </div>
  );
}

/** Somebody who is not signed in is told so in the place of the view. */
function failureToTell(answer: Answer<unknown>): Failure | undefined {
  const failure = answer.state === 'waiting' ? undefined : answer.failure;
  return failure?.kind === 'signed-out' ? undefined : failure;
}

function Foot() {
  const status = useStatus();
  return (
    <footer>
      {status && `Holdfast ${status.version} · `}
      <a href="/metrics">Metrics</a>
    </footer>
  );
}
