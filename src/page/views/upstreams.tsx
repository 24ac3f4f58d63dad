import { upstreamsAnswer, type UpstreamEntry } from '../../api/activity.ts';
import { formatCount, formatDuration } from '../format.ts';
import { Age } from '../parts/age.tsx';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { Meter } from '../parts/meter.tsx';
import { apiPath } from '../server/request.ts';
import { useAnswer } from '../server/use-answer.ts';

const EVERY_MS = 5_000;
/** Below this part of the limit the server saves what is left for real misses. */
const SCARCE = 0.1;

export function Upstreams() {
  const { answer } = useAnswer(upstreamsAnswer, apiPath('upstreams'), { everyMs: EVERY_MS });
  return (
    <Card title="Upstreams" wide>
      <Answered answer={answer} lines={6}>
        {({ upstreams }) =>
          upstreams.length === 0 ? (
            <p class="empty">None: only what is pushed or imported is served.</p>
          ) : (
            <ul class="upstreams">
              {upstreams.map((upstream) => (
                <Upstream key={upstream.name} upstream={upstream} />
              ))}
            </ul>
          )
        }
      </Answered>
    </Card>
  );
}

function Upstream({ upstream }: { readonly upstream: UpstreamEntry }) {
  const { name, url, state, retryAt, lastFailure, rateLimit } = upstream;
  return (
    <li>
      <div class="line">
        <span class="name" title={url}>
          {name}
          {upstream.private && <span class="tag">private</span>}
        </span>
        <State state={state} />
      </div>
      {rateLimit && <RateLimit {...rateLimit} />}
      {retryAt !== null && state === 'open' && (
        <p class="quiet">
          Not asked; tried again <Age time={retryAt} />.
        </p>
      )}
      {lastFailure && (
        <p class={state === 'closed' ? 'quiet' : 'bad'}>
          <Age time={lastFailure.at} />: {lastFailure.message}
        </p>
      )}
    </li>
  );
}

function State({ state }: { readonly state: UpstreamEntry['state'] }) {
  switch (state) {
    case 'closed':
      return <span class="state good">in use</span>;
    case 'half-open':
      return <span class="state warning">failing, tried again</span>;
    case 'open':
      return <span class="state bad">failing</span>;
    case 'offline':
      return <span class="state">offline</span>;
  }
}

function RateLimit({ limit, remaining, windowSeconds }: NonNullable<UpstreamEntry['rateLimit']>) {
  const window = windowSeconds === null ? '' : ` in ${formatDuration(windowSeconds * 1000)}`;
  return (
    <div class="rate">
      <Meter
        value={remaining}
        of={limit}
        label="Pulls left"
        tone={remaining < SCARCE * limit ? 'bad' : 'plain'}
      />
      <span class="number">
        {formatCount(remaining)} of {formatCount(limit)} pulls left{window}
      </span>
    </div>
  );
}
