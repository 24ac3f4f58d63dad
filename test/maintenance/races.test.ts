/** Everything at once on the same few digests: whatever the order, nothing that is held may be broken or lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { ask, MINUTE, startMirror, storedFiles, temporaryDirectory } from '../helpers/mirror.ts';
import { pullImage, pushBlob } from '../helpers/registry-client.ts';
import { putManifest } from '../spec/pushing.ts';

const ROUNDS = 30;
const LAYERS = [0, 1, 2, 3].map((index) => madeUpBytes(`layer ${index}`, 60_000));
function layer(index: number): Buffer {
  return LAYERS[index % LAYERS.length] ?? Buffer.alloc(0);
}

const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';
/** Room for about half of what is pulled. */
const MAX_SIZE = '200KB';

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

async function rounds(
  seed: number,
  act: (pick: (below: number) => number) => Promise<void>,
): Promise<void> {
  const pick = numbers(seed);
  for (let round = 0; round < ROUNDS; round += 1) await act(pick);
}

test('pulls, pushes, mounts, deletes, evictions and collections of the same blobs do not break each other', async (t) => {
  const dir = await temporaryDirectory(t);
  const storage = { dir, maxSize: MAX_SIZE, minFree: '0B' };
  const { upstream, holdfast } = await startMirror(t, { dir, config: { storage } });
  const { url } = holdfast;
  const tags = ['0', '1', '2', '3', '4', '5'];
  const images = tags.map((tag, index) =>
    upstream.addImage('library/app', tag, {
      layers: [layer(index), layer(index + 1)],
    }),
  );
  const ended = new AbortController();
  const pushed = new Set<string>();

  const pull = (seed: number) =>
    rounds(seed, async (pick) => {
      await pullImage(url, 'library/app', tags[pick(tags.length)] ?? '');
    });
  const push = (seed: number) =>
    rounds(seed, async (pick) => {
      const repository = `team/app-${pick(3)}`;
      const config = Buffer.from(`{"made":${seed},"os":"linux","architecture":"amd64"}`);
      const content = layer(pick(4));
      const tag = `${seed}-${digestOf(content).slice(-8)}`;
      for (const blob of [config, content]) await pushBlob(url, repository, blob);
      const put = await putManifest(holdfast, repository, tag, {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: digestOf(config),
          size: config.length,
        },
        layers: [{ mediaType: LAYER_TYPE, digest: digestOf(content), size: content.length }],
      });
      assert.equal(put.status, 201, await put.text());
      pushed.add(`${repository}:${tag}`);
    });
  const mount = (seed: number) =>
    rounds(seed, async (pick) => {
      const digest = images[pick(images.length)]?.layerDigests[pick(2)] ?? '';
      const target = `team/mounted-${pick(2)}`;
      const from = 'docker.io/library/app';
      const post = await holdfast.fetch(
        `/v2/${target}/blobs/uploads/?mount=${digest}&from=${from}`,
        { method: 'POST' },
      );
      assert.ok([201, 202].includes(post.status), await post.text());
      if (post.status !== 201) return;
      const path = `/v2/${target}/blobs/${digest}`;
      assert.equal(digestOf((await ask(holdfast, path)).body), digest);
      await ask(holdfast, path, { method: 'DELETE' });
    });
  const remove = (seed: number) =>
    rounds(seed, async (pick) => {
      const image = images[pick(images.length)];
      const reference =
        pick(2) === 0 ? `blobs/${image?.layerDigests[0]}` : `manifests/${image?.manifestDigest}`;
      const path = `/v2/docker.io/library/app/${reference}`;
      const { status } = await ask(holdfast, path, { method: 'DELETE' });
      assert.ok([202, 404].includes(status), `${status}`);
    });
  const upkeep = async () => {
    while (!ended.signal.aborted) {
      await holdfast.upkeep.collectGarbage();
      const { damaged, unreadable } = await holdfast.upkeep.verify({ bytesPerSecond: 1e10 });
      assert.deepEqual([damaged, unreadable], [[], []]);
      holdfast.clock.advance(MINUTE);
    }
  };

  const looking = upkeep();
  await Promise.all([pull(1), pull(2), pull(3), push(4), push(5), mount(6), remove(7)]).finally(
    () => ended.abort(),
  );
  await looking;
  await storedFiles(holdfast);

  const { orphans } = await holdfast.upkeep.collectGarbage();
  const { damaged, unreadable, lost } = await holdfast.upkeep.verify({ bytesPerSecond: 1e10 });
  assert.deepEqual(
    { orphans, damaged, unreadable, lost },
    { orphans: 0, damaged: [], unreadable: [], lost: [] },
  );
  for (const tag of tags) await pullImage(url, 'library/app', tag);
  await upstream.stop();
  assert.ok(pushed.size > 0);
  for (const name of pushed) {
    const [repository = '', tag = ''] = name.split(':');
    await pullImage(url, repository, tag);
  }
});
