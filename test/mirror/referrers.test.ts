import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FakeUpstreamOptions } from '../helpers/fake-upstream.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { ask, startMirror } from '../helpers/mirror.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const SIGNATURE = 'application/vnd.example.signature.v1+json';
const SBOM = 'application/vnd.example.sbom.v1+json';

interface Listed {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image with two signatures and an SBOM. */
async function start(t: TestContext, fake: FakeUpstreamOptions = {}) {
  const mirror = await startMirror(t, { fake });
  const { upstream } = mirror;
  const { manifestDigest: subject } = upstream.addImage('library/app', '1');
  const refer = (artifactType: string, number: number) =>
    upstream.addImage('library/app', undefined, {
      subject,
      artifactType,
      layers: [number],
      annotations: { 'org.example.number': String(number) },
    });
  const signatures = [refer(SIGNATURE, 1), refer(SIGNATURE, 2)];
  const sbom = refer(SBOM, 3);
  return { ...mirror, subject, signatures, sbom, path: `/v2/library/app/referrers/${subject}` };
}

async function list(holdfast: Holdfast, path: string): Promise<readonly Listed[]> {
  const { status, headers, body } = await ask(holdfast, path);
  assert.equal(status, 200, path);
  assert.equal(headers.get('content-type'), INDEX);
  const index = JSON.parse(body.toString()) as Record<string, unknown>;
  assert.deepEqual([index['schemaVersion'], index['mediaType']], [2, INDEX]);
  return index['manifests'] as Listed[];
}

function digests(listed: readonly { readonly digest: string }[]): readonly string[] {
  return listed.map(({ digest }) => digest).toSorted();
}

for (const [by, fake] of [
  ['the referrers API', {}],
  ['the fallback tag', { referrersApi: false }],
] as const) {
  test(`referrers come through ${by} of upstream, with their types and annotations`, async (t) => {
    const { holdfast, path, signatures, sbom } = await start(t, fake);
    const listed = await list(holdfast, path);
    const all = [...signatures, sbom].map(({ manifestDigest }) => manifestDigest);
    assert.deepEqual(digests(listed), all.toSorted());
    assert.deepEqual(
      listed.find(({ digest }) => digest === sbom.manifestDigest),
      {
        mediaType: sbom.mediaType,
        digest: sbom.manifestDigest,
        size: sbom.manifest.length,
        artifactType: SBOM,
        annotations: { 'org.example.number': '3' },
      },
    );
  });

  test(`referrers through ${by} are filtered here, and the answer says so`, async (t) => {
    const { holdfast, path, signatures } = await start(t, fake);
    for (const type of [SIGNATURE, encodeURIComponent(SIGNATURE)]) {
      const { headers } = await ask(holdfast, `${path}?artifactType=${type}`);
      assert.equal(headers.get('oci-filters-applied'), 'artifactType');
      const listed = await list(holdfast, `${path}?artifactType=${type}`);
      assert.deepEqual(
        digests(listed),
        signatures.map(({ manifestDigest }) => manifestDigest).toSorted(),
      );
    }
    assert.deepEqual(await list(holdfast, `${path}?artifactType=application/none`), []);
    assert.equal((await ask(holdfast, path)).headers.get('oci-filters-applied'), null);
  });

  test(`what nothing refers to has an empty list through ${by}, never a 404`, async (t) => {
    const { holdfast } = await start(t, fake);
    const digest = `sha256:${'a'.repeat(64)}`;
    for (const name of ['library/app', 'library/none', 'docker.io/none'])
      assert.deepEqual(await list(holdfast, `/v2/${name}/referrers/${digest}`), []);
  });
}

for (const [answer, fault] of [
  ['400', { status: 400 }],
  ['405', { status: 405 }],
  ['406', { status: 406 }],
  ['501', { status: 501 }],
  ['a page for people', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
] as const) {
  test(`a registry without the API that answers it with ${answer} is asked by the fallback tag`, async (t) => {
    const { upstream, holdfast, path, signatures, sbom } = await start(t, { referrersApi: false });
    upstream.fault({ path: /\/referrers\//, ...fault });
    const all = [...signatures, sbom].map(({ manifestDigest }) => manifestDigest);
    assert.deepEqual(digests(await list(holdfast, path)), all.toSorted());
    const digest = `sha256:${'a'.repeat(64)}`;
    assert.deepEqual(await list(holdfast, `/v2/library/app/referrers/${digest}`), []);
  });
}

test('all pages of upstream are in the list', async (t) => {
  const { upstream, holdfast, path, signatures, sbom } = await start(t, { referrersPage: 1 });
  const listed = await list(holdfast, path);
  const all = [...signatures, sbom].map(({ manifestDigest }) => manifestDigest);
  assert.deepEqual(digests(listed), all.toSorted());
  assert.equal(upstream.count('GET', /\/referrers\//), 3);
});

test('a long list comes in pages that lead back here, each referrer once, with the filter kept', async (t) => {
  const { upstream, holdfast, path, subject } = await start(t);
  for (let number = 0; number < 1200; number++) {
    const content = {
      schemaVersion: 2,
      mediaType: INDEX,
      artifactType: SBOM,
      manifests: [],
      subject: { mediaType: INDEX, digest: subject, size: 1 },
      annotations: { number: String(number) },
    };
    upstream.addManifest('library/app', undefined, content, INDEX);
  }
  const found: string[] = [];
  let pages = 0;
  const query = `?artifactType=${encodeURIComponent(SBOM)}&ns=docker.io`;
  for (let next: string | undefined = path + query; next !== undefined;) {
    const { headers, body } = await ask(holdfast, next);
    assert.ok(body.length < 4 * 1024 * 1024);
    assert.equal(headers.get('oci-filters-applied'), 'artifactType');
    found.push(...digests(await list(holdfast, next)));
    next = /^<(\/[^>]*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    pages += 1;
  }
  assert.ok(pages > 1);
  assert.equal(found.length, 1201);
  assert.equal(new Set(found).size, 1201);
});

test('while upstream fails, the referrers that are held are listed', async (t) => {
  const { upstream, holdfast, path, sbom, signatures } = await start(t);
  const [signature] = signatures;
  for (const { manifestDigest } of [sbom, signature ?? sbom])
    await ask(holdfast, `/v2/library/app/manifests/${manifestDigest}`);
  await upstream.stop();
  const held = [sbom.manifestDigest, signature?.manifestDigest ?? ''];
  assert.deepEqual(digests(await list(holdfast, path)), held.toSorted());
  assert.deepEqual(digests(await list(holdfast, `${path}?artifactType=${SBOM}`)), [
    sbom.manifestDigest,
  ]);
});

test('while upstream fails, nothing held is a failure and not an empty list', async (t) => {
  const { upstream, holdfast, path } = await start(t);
  await upstream.stop();
  assert.equal((await ask(holdfast, path)).status, 502);
});

test('a digest that is none is a 400, and upstream is not asked', async (t) => {
  const { upstream, holdfast } = await start(t);
  for (const digest of ['sha256:abc', 'latest', `sha256:${'A'.repeat(64)}`])
    assert.equal((await ask(holdfast, `/v2/library/app/referrers/${digest}`)).status, 400, digest);
  assert.deepEqual(upstream.requests, []);
});
