import type { ImageAnswer } from '../../api/image.ts';
import { formatBytes } from '../format.ts';
import { imageByDigest, shortDigest } from '../image-name.ts';
import { Card } from '../parts/card.tsx';
import { Table } from '../parts/listing.tsx';
import { hrefOf } from '../route.ts';

/** Signatures, attestations and SBOMs that are held. */
export function Referrers({ held }: { readonly held: ImageAnswer }) {
  return (
    <Card title="Refers to it" wide>
      <Table
        caption="Referrers"
        columns={[{ title: 'Kind' }, { title: 'Digest' }, { title: 'Size', number: true }]}
      >
        {held.referrers.map(({ digest, artifactType, size }) => (
          <tr key={digest}>
            <td class="path">{artifactType ?? 'unknown'}</td>
            <td>
              <a href={hrefOf({ view: 'image', image: imageByDigest(held.name, digest) })}>
                <code title={digest}>{shortDigest(digest)}</code>
              </a>
            </td>
            <td class="number">{formatBytes(size)}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}
