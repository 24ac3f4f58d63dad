/** Signatures, attestations and SBOMs that are fetched with the images that they refer to, to be there offline. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Digest } from '../../src/oci/digest.ts';
import type { FakeUpstream, FakeUpstreamOptions } from '../helpers/fake-upstream.ts';
import { eventually } from '../helpers/eventually.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { ask, startHoldfast, startMirror, startUpstream, untilHeld } from '../helpers/mirror.ts';
import { outcomes, warm } from './warming.ts';

const SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const SBOM = 'application/spdx+json';

/** An index of two platforms; upstream has what is added to it. */
async function start(t: TestContext, fake: FakeUpstreamOptions = {}) {
  const mirror = await startMirror(t, { fake });
  const { upstream } = mirror;
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  const children = platforms.map((platform, at) => {
    const layers = [1_000 + at];
    const { manifestDigest } = upstream.addImage('library/app', undefined, { platform, layers });
    return { digest: manifestDigest, platform };
  });
  const index = upstream.addIndex('library/app', '1', children);
  return { ...mirror, index, children: children.map(({ digest }) => digest) };
}

let made = 0;

function attach(upstream: FakeUpstream, subject: Digest, artifactType: string) {
  made += 1;
  const layers = [10 + made];
  return upstream.addImage('library/app', undefined, { subject, artifactType, layers });
}

const isHeld = async (holdfast: Holdfast, image: string): Promise<boolean> =>
  (await ask(holdfast, `/api/v1/image?image=${image}`)).status === 200;

const cosignTag = (digest: Digest, extension: string): string =>
  `${digest.replace(':', '-')}.${extension}`;

for (const [by, fake] of [
  ['the referrers API', {}],
  ['the fallback tag', { referrersApi: false }],
] as const) {
  test(`what refers to an image through ${by} comes with it, and is there offline`, async (t) => {
    const { upstream, holdfast, index, children } = await start(t, fake);
    const sbom = attach(upstream, index, SBOM);
    const signature = attach(upstream, sbom.manifestDigest, SIGNATURE);
    const ofPlatform = attach(upstream, children[0]!, SBOM);
    const { lines, failed } = await warm(holdfast, ['app:1']);
    assert.equal(failed, 0);
    assert.deepEqual(outcomes(lines), { 'app:1': 'done' });
    const last = lines.at(-1)!;
    assert.equal(last.done, last.total);
    await upstream.stop();
    for (const [subject, referrer] of [
      [index, sbom],
      [sbom.manifestDigest, signature],
      [children[0]!, ofPlatform],
    ] as const) {
      const { body } = await ask(holdfast, `/v2/library/app/referrers/${subject}`);
      assert.match(body.toString(), new RegExp(referrer.manifestDigest));
      const manifest = await ask(holdfast, `/v2/library/app/manifests/${referrer.manifestDigest}`);
      assert.deepEqual(manifest.body, referrer.manifest);
      const blob = await ask(holdfast, `/v2/library/app/blobs/${referrer.layerDigests[0]!}`);
      assert.deepEqual(blob.body, referrer.layers[0]);
    }
  });
}

test("cosign's tags come with an image, and are there offline", async (t) => {
  const { upstream, holdfast, index } = await start(t);
  const images = ['sig', 'att', 'sbom'].map((extension, at) => {
    const tag = cosignTag(index, extension);
    return { tag, image: upstream.addImage('library/app', tag, { layers: [100 + at] }) };
  });
  assert.equal((await warm(holdfast, ['app:1'])).failed, 0);
  await upstream.stop();
  for (const { tag, image } of images) {
    const { status, body } = await ask(holdfast, `/v2/library/app/manifests/${tag}`);
    assert.deepEqual([status, body], [200, image.manifest]);
    await untilHeld(holdfast, `/v2/library/app/blobs/${image.layerDigests[0]!}`);
  }
});

test('an image that nothing refers to costs four small requests more, also one of many platforms', async (t) => {
  const { upstream, holdfast } = await start(t);
  await warm(holdfast, ['app:1'], [], { referrers: false });
  upstream.clear();
  assert.equal((await warm(holdfast, ['app:1'])).failed, 0);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [4, 1]);
  assert.equal(upstream.count('GET', /\/referrers\//), 1);
});

test('a signature that comes later is fetched the next time', async (t) => {
  const { upstream, holdfast, index } = await start(t);
  await warm(holdfast, ['app:1']);
  const { manifestDigest } = attach(upstream, index, SIGNATURE);
  assert.equal((await warm(holdfast, ['app:1'])).failed, 0);
  await upstream.stop();
  const { status } = await ask(holdfast, `/v2/library/app/manifests/${manifestDigest}`);
  assert.equal(status, 200);
});

test('referrers are left out where they are not wanted', async (t) => {
  const { upstream, holdfast, index } = await start(t);
  attach(upstream, index, SIGNATURE);
  await warm(holdfast, ['app:1'], [], { referrers: false });
  assert.equal(upstream.count('GET', /\/referrers\//), 0);
  assert.equal(upstream.count('HEAD', /sha256-/), 0);
});

test('an image whose referrers cannot be had is here, and it is told that they are not', async (t) => {
  const { upstream, holdfast, index } = await start(t);
  const { layerDigests } = attach(upstream, index, SIGNATURE);
  const repaired = upstream.fault({ path: /\/referrers\//, status: 418 });
  const { lines, failed } = await warm(holdfast, ['app:1']);
  assert.equal(failed, 0);
  assert.match(outcomes(lines)['app:1'] ?? '', /^done: without what refers to it: /);
  repaired();
  upstream.content.removeBlob(layerDigests[0]!);
  const again = await warm(holdfast, ['app:1']);
  assert.match(outcomes(again.lines)['app:1'] ?? '', /^done: without what refers to it: /);
  await upstream.stop();
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 200);
});

test('a repository that refuses to tell of referrers has none', async (t) => {
  const { upstream, holdfast } = await start(t);
  upstream.fault({ path: /\/referrers\/|sha256-/, status: 403 });
  const { lines } = await warm(holdfast, ['app:1']);
  assert.deepEqual(outcomes(lines), { 'app:1': 'done' });
});

test('the last part of a pull limit is not spent on referrers', async (t) => {
  const { upstream, holdfast, index } = await start(t);
  attach(upstream, index, SIGNATURE);
  await warm(holdfast, ['app:1'], [], { referrers: false });
  const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '9;w=21600' };
  upstream.fault({ path: /manifests\/1$/, headers });
  upstream.clear();
  const { lines } = await warm(holdfast, ['app:1']);
  assert.match(
    outcomes(lines)['app:1'] ?? '',
    /^done: without what refers to it: what is left of the pull limit/,
  );
  assert.equal(upstream.requests.length, 1);
});

test('a list of the configuration takes referrers along unless it says otherwise', async (t) => {
  const upstream = await startUpstream(t);
  const subject = upstream.addImage('library/app', '1').manifestDigest;
  const { manifestDigest } = attach(upstream, subject, SIGNATURE);
  const upstreams = { 'docker.io': upstream.url };
  const list = { images: ['app:1'], every: '1s' };
  const without = { upstreams, config: { warm: [{ ...list, referrers: false }] } };
  const bare = await startHoldfast(t, without);
  await eventually('the image is held', () => isHeld(bare, 'app:1'));
  await bare.close();
  assert.equal(upstream.count('GET', /\/referrers\//), 0);
  const holdfast = await startHoldfast(t, { upstreams, config: { warm: [list] } });
  await eventually('the signature is held', () => isHeld(holdfast, `app@${manifestDigest}`));
});
