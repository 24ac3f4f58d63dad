import { fillsAnswer, type FillEntry } from '../../api/activity.ts';
import { formatBytes, formatPlural, formatShare } from '../format.ts';
import { shortDigest } from '../image-name.ts';
import { Age } from '../parts/age.tsx';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { Progress } from '../parts/meter.tsx';
import { hrefOf } from '../route.ts';
import { apiPath } from '../server/request.ts';
import { useAnswer } from '../server/use-answer.ts';

const EVERY_MS = 1_000;

/** What is being fetched from upstream at this moment. */
export function Fills() {
  const { answer } = useAnswer(fillsAnswer, apiPath('fills'), { everyMs: EVERY_MS });
  const running = answer.state === 'here' ? answer.value.fills.length : 0;
  return (
    <Card title="Fetching now" aside={running > 0 && <span class="count">{running}</span>}>
      <Answered answer={answer}>
        {({ fills }) =>
          fills.length === 0 ? (
            <p class="empty">Nothing at the moment.</p>
          ) : (
            <ul class="fills">
              {fills.map((fill) => (
                <Fill key={fill.digest} fill={fill} />
              ))}
            </ul>
          )
        }
      </Answered>
    </Card>
  );
}

function Fill({ fill }: { readonly fill: FillEntry }) {
  const { repository, digest, size, written, startedAt, followers, resumedFrom } = fill;
  return (
    <li>
      <div class="line">
        <a href={hrefOf({ view: 'repository', repository })}>{repository}</a>
        <span class="number">
          {formatBytes(written)}
          {size !== null && ` of ${formatBytes(size)} · ${formatShare(written, size)}`}
        </span>
      </div>
      <Progress value={written} of={size} label={`${repository}, ${shortDigest(digest)}`} />
      <p class="quiet">
        <code title={digest}>{shortDigest(digest)}</code> · {formatPlural(followers, 'client')} ·
        since <Age time={startedAt} />
        {resumedFrom > 0 && ` · resumed at ${formatBytes(resumedFrom)}`}
      </p>
    </li>
  );
}
