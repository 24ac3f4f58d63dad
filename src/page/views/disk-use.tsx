import type { StatusAnswer } from '../../api/status.ts';
import { formatBytes, formatPlural, formatShare } from '../format.ts';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { Meter } from '../parts/meter.tsx';
import { hrefOf } from '../route.ts';
import { useSession } from '../session.tsx';

/** From here on something will have to go soon. */
const NEARLY_FULL = 0.9;

export function DiskUse() {
  const { answer } = useSession();
  const aside = <a href={hrefOf({ view: 'activity' })}>What goes next</a>;
  return (
    <Card title="Disk" aside={aside}>
      <Answered answer={answer} lines={5}>
        {({ storage }) => <Storage storage={storage} />}
      </Answered>
    </Card>
  );
}

function Storage({ storage }: { readonly storage: StatusAnswer['storage'] }) {
  const { mirroredBytes, hostedBytes, maxSize, minFree, free, blobs, manifests, dir } = storage;
  const low = free !== null && free < minFree;
  return (
    <>
      <p class="amount">
        <b>{formatBytes(mirroredBytes)}</b> of {formatBytes(maxSize)} for mirrored images
        <span class="quiet"> · {formatShare(mirroredBytes, maxSize)}</span>
      </p>
      <Meter
        value={mirroredBytes}
        of={maxSize}
        label="Mirrored images, of the room for them"
        tone={mirroredBytes > NEARLY_FULL * maxSize ? 'warning' : 'plain'}
      />
      <dl class="facts">
        <dt>Hosted</dt>
        <dd>{formatBytes(hostedBytes)}, never evicted</dd>
        <dt>Free on disk</dt>
        <dd class={low ? 'bad' : ''}>
          {free === null ? 'unknown' : formatBytes(free)}, kept above {formatBytes(minFree)}
        </dd>
        <dt>Holds</dt>
        <dd>
          {formatPlural(manifests, 'manifest')}, {formatPlural(blobs, 'blob')}
        </dd>
        <dt>In</dt>
        <dd>
          <code class="path">{dir}</code>
        </dd>
      </dl>
    </>
  );
}
