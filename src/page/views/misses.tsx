import { useState } from 'preact/hooks';
import { type MissEntry, missesAnswer, type MissReason } from '../../api/activity.ts';
import { shortDigest } from '../image-name.ts';
import { Age } from '../parts/age.tsx';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { Table } from '../parts/listing.tsx';
import { hrefOf } from '../route.ts';
import { apiPath } from '../server/request.ts';
import { useAnswer } from '../server/use-answer.ts';

const EVERY_MS = 5_000;
/** Rows at first, and when more are asked for; the server keeps a thousand. */
const FEW = 15;
const MANY = 200;

/**
 * What had to be fetched, and why it was not here.
 *
 * @param repository - only of this one, and nothing at all where there was none
 */
export function Misses({ repository }: { readonly repository?: string }) {
  const [shown, setShown] = useState(FEW);
  const path = apiPath('misses', { repository, n: MANY });
  const { answer } = useAnswer(missesAnswer, path, { everyMs: EVERY_MS });
  const none = answer.state === 'here' && answer.value.misses.length === 0;
  if (repository !== undefined && (none || answer.state !== 'here')) return null;
  return (
    <Card title="Recent misses" wide>
      <Answered answer={answer} lines={6}>
        {({ misses }) =>
          none ? (
            <p class="empty">None since the server started.</p>
          ) : (
            <>
              <MissTable misses={misses.slice(0, shown)} />
              {misses.length > shown && (
                <p class="more">
                  <button type="button" class="button" onClick={() => setShown(MANY)}>
                    Show more
                  </button>
                </p>
              )}
            </>
          )
        }
      </Answered>
    </Card>
  );
}

function MissTable({ misses }: { readonly misses: readonly MissEntry[] }) {
  return (
    <Table
      caption="Recent misses, newest first"
      columns={[{ title: 'Asked for' }, { title: 'Why it was fetched' }, { title: 'When' }]}
      stacked
    >
      {misses.map((miss, index) => (
        <Row key={`${miss.at} ${miss.reference} ${index}`} miss={miss} />
      ))}
    </Table>
  );
}

function Row({ miss }: { readonly miss: MissEntry }) {
  const { at, repository, reference, kind, reason, since, detail } = miss;
  const isDigest = reference.includes(':');
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf({ view: 'repository', repository })}>{repository}</a>
        {isDigest ? (
          <span class="quiet nowrap">
            {' '}
            {kind} <code title={reference}>{shortDigest(reference)}</code>
          </span>
        ) : (
          <span class="quiet">:{reference}</span>
        )}
      </th>
      <td>
        <span class={isBad(reason) ? 'bad' : ''}>{REASONS[reason]}</span>
        {since !== null && (
          <span class="quiet">
            {' '}
            <Age time={since} />
          </span>
        )}
        {detail !== null && <span class="quiet path">; {detail}</span>}
      </td>
      <td class="quiet">
        <Age time={at} />
      </td>
    </tr>
  );
}

const REASONS: Readonly<Record<MissReason, string>> = {
  'first-pull': 'first pull',
  'tag-moved': 'the tag moved upstream',
  evicted: 'evicted',
  deleted: 'deleted',
  damaged: 'found damaged',
  'not-kept': 'not kept',
  'not-found-upstream': 'upstream does not have it',
  'upstream-failed': 'upstream failed',
  'too-young': 'younger than tags.minAge allows',
};

function isBad(reason: MissReason): boolean {
  return reason === 'upstream-failed' || reason === 'damaged';
}
