/** What the server says of itself and of the visitor, known to every part of the page. */
import { type ComponentChildren, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { statusAnswer, type StatusAnswer } from '../api/status.ts';
import { apiPath } from './server/request.ts';
import { useAnswer, type Watched } from './server/use-answer.ts';

/** A fill that has just begun should be seen soon. */
const STATUS_EVERY_MS = 3_000;

const Session = createContext<Watched<StatusAnswer>>({
  answer: { state: 'waiting' },
  reload: () => undefined,
});

export function SessionProvider({ children }: { readonly children: ComponentChildren }) {
  const watched = useAnswer(statusAnswer, apiPath('status'), { everyMs: STATUS_EVERY_MS });
  return <Session.Provider value={watched}>{children}</Session.Provider>;
}

export function useSession(): Watched<StatusAnswer> {
  return useContext(Session);
}

/** Undefined until it is known. */
export function useStatus(): StatusAnswer | undefined {
  const { answer } = useSession();
  return answer.state === 'here' ? answer.value : undefined;
}

/** Changes when content has come or gone: what lists it has to look again. */
export function useRevision(): string {
  const status = useStatus();
  if (!status) return '';
  const { manifests, blobs, blobBytes } = status.storage;
  return [manifests, blobs, blobBytes, status.user].join(' ');
}
