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
const SHOWN = 50;

/** What had to be fetched, and why it was not here. */
export function Misses() {
  const { answer } = useAnswer(missesAnswer, apiPath('misses', { n: SHOWN }), {
    everyMs: EVERY_MS,
  });
  return (
    <Card title="Recent misses" wide>
      <Answered answer={answer} lines={6}>
        {({ misses }) =>
          misses.length === 0 ? (
            <p class="empty">None since the server started.</p>
          ) : (
            <Table
              caption="Recent misses, newest first"
              columns={[
                { title: 'When' },
                { title: 'Repository' },
                { title: 'What', minor: true },
                { title: 'Why' },
              ]}
            >
              {misses.map((miss, index) => (
                <Row key={`${miss.at} ${miss.reference} ${index}`} miss={miss} />
              ))}
            </Table>
          )
        }
      </Answered>
    </Card>
  );
}

function Row({ miss }: { readonly miss: MissEntry }) {
  const { at, repository, reference, kind, reason, since, detail } = miss;
  const isDigest = reference.includes(':');
  return (
    <tr>
      <td class="quiet nowrap">
        <Age time={at} />
      </td>
      <th scope="row">
        <a href={hrefOf({ view: 'repository', repository })}>{repository}</a>
        {!isDigest && <span class="quiet">:{reference}</span>}
      </th>
      <td class="minor nowrap">
        {kind} {isDigest && <code title={reference}>{shortDigest(reference)}</code>}
      </td>
      <td>
        <span class={isBad(reason) ? 'bad' : ''}>{REASONS[reason]}</span>
        {since !== null && (
          <span class="quiet">
            {' '}
            <Age time={since} />
          </span>
        )}
        {detail !== null && <span class="quiet">; {detail}</span>}
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
  'not-kept': 'an earlier pull was not kept',
  'not-found-upstream': 'upstream does not have it',
  'upstream-failed': 'upstream failed',
  'too-young': 'too young (tags.minAge)',
};

function isBad(reason: MissReason): boolean {
  return reason === 'upstream-failed' || reason === 'damaged';
}
