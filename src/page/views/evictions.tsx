import { type EvictionEntry, evictionsAnswer } from '../../api/upkeep.ts';
import { formatBytes } from '../format.ts';
import { imageByDigest, shortDigest } from '../image-name.ts';
import { Age } from '../parts/age.tsx';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { Table } from '../parts/listing.tsx';
import { hrefOf } from '../route.ts';
import { apiPath } from '../server/request.ts';
import { useAnswer } from '../server/use-answer.ts';
import { useRevision } from '../session.tsx';

const EVERY_MS = 30_000;
const SHOWN = 20;

/** What goes when room is needed, in that order. Looked at again with each new `revision`. */
export function Evictions({ revision }: { readonly revision: number }) {
  const { answer } = useAnswer(evictionsAnswer, apiPath('evictions', { n: SHOWN }), {
    everyMs: EVERY_MS,
    revision: `${useRevision()} ${revision}`,
  });
  return (
    <Card title="Next to go, when room is needed" wide>
      <Answered answer={answer} lines={6}>
        {({ next, wouldFree }) =>
          next.length === 0 ? (
            <p class="empty">Nothing may be evicted: all is hosted, pinned or in use.</p>
          ) : (
            <>
              <p class="quiet">
                These {next.length} would free {formatBytes(wouldFree)}. What was not used for
                longest goes first.
              </p>
              <Table
                caption="Next to be evicted, first to go first"
                columns={[
                  { title: 'Repository' },
                  { title: 'Digest', minor: true },
                  { title: 'Frees', number: true },
                  { title: 'Last used' },
                ]}
              >
                {next.map((entry) => (
                  <Row key={entry.digest} entry={entry} />
                ))}
              </Table>
            </>
          )
        }
      </Answered>
    </Card>
  );
}

function Row({ entry }: { readonly entry: EvictionEntry }) {
  const { name, kind, digest, tags, belongsTo, bytes, usedAt } = entry;
  return (
    <tr>
      <th scope="row">
        {name === null ? (
          <span class="quiet">no repository</span>
        ) : (
          <a href={hrefOf({ view: 'image', image: imageByDigest(name, digest) })}>{name}</a>
        )}
        {tags.length > 0 && <span class="quiet">:{tags.join(', ')}</span>}
        {tags.length === 0 && belongsTo.length > 0 && (
          <span class="quiet"> part of {belongsTo.join(', ')}</span>
        )}
        {kind === 'blob' && <span class="tag">blob</span>}
      </th>
      <td class="minor">
        <code title={digest}>{shortDigest(digest)}</code>
      </td>
      <td class="number">{formatBytes(bytes)}</td>
      <td>
        <Age time={usedAt} />
      </td>
    </tr>
  );
}
