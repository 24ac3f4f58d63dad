import { contentOf, dockerHubName } from '../pull-targets.ts';
import { pullExactly } from '../pull-exactly.ts';
import type { Stage } from '../stage.ts';
import { all, downloaded, resumedOnce } from '../traffic.ts';

/** Beyond what any other blob of the image has, in the middle of the big layer. */
const CUT_AFTER_BYTES = 12_000_000;

/** The upstream drops the connection in the middle of a layer; a client that cannot resume does not notice. */
export async function brokenUpstream({ bench, client, images, signal }: Stage): Promise<void> {
  const image = images.app;
  const { blobs } = contentOf(client, image);
  bench.holdfast.upstreamSide.cutNextAfter(CUT_AFTER_BYTES);
  const expected = all(resumedOnce(CUT_AFTER_BYTES), downloaded(blobs));
  await bench.trial('pull cold, upstream breaks off', expected, () =>
    pullExactly(client, dockerHubName(image), image, signal),
  );
}
