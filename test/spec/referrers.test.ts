/** end-12: what refers to a digest. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { describe, indexOf, pushSample, putManifest, type Sample } from './pushing.ts';
import { refusal } from './refusal.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const SBOM = 'application/spdx+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const NONE = `sha256:${'0'.repeat(64)}`;

interface Listed {
  readonly manifests: readonly Record<string, unknown>[];
  readonly filters: string | null;
}

async function referrers(repository: string, digest: string, query = ''): Promise<Listed> {
  const response = await holdfast.fetch(`/v2/${repository}/referrers/${digest}${query}`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.equal(response.headers.get('content-type'), MediaType.ociIndex);
  assert.equal(response.headers.get('link'), null);
  const { manifests, ...rest } = JSON.parse(text) as { manifests: Record<string, unknown>[] };
  assert.deepEqual(rest, { schemaVersion: 2, mediaType: MediaType.ociIndex });
  return { manifests, filters: response.headers.get('oci-filters-applied') };
}

function subjectOf({ manifest }: Pick<Sample, 'manifest'>): object {
  return { subject: describe(manifest, MediaType.ociManifest) };
}

for (const digest of [NONE, `sha512:${'0'.repeat(128)}`, NONE.replace(':', '%3A')]) {
  test(`before its repository exists, nothing refers to ${digest.slice(0, 12)}`, async () => {
    const { manifests, filters } = await referrers('not/there/yet', digest);
    assert.deepEqual([manifests, filters], [[], null]);
  });
}

test('in a repository that does not know it, nothing refers to a digest', async () => {
  await pushSample(holdfast, 'known', 'v1');
  assert.deepEqual((await referrers('known', NONE)).manifests, []);
});

for (const digest of [
  'v1',
  'sha256:abc',
  `sha256:${'G'.repeat(64)}`,
  'md5:d41d8cd98f00b204e9800998ecf8427e',
  'sha256:',
]) {
  test(`"${digest.slice(0, 20)}" is no digest to ask referrers of`, async () => {
    const response = await holdfast.fetch(`/v2/known/referrers/${digest}`);
    await refusal(response, 400, 'DIGEST_INVALID');
  });
}

test('each referrer is shown once, with type, size, artifact type and annotations', async () => {
  const app = await pushSample(holdfast, 'shown', 'v1');
  const subject = subjectOf(app);
  const annotations = { 'org.example.note': 'ünïcode', empty: '' };
  const artifact = await pushSample(holdfast, 'shown', undefined, 'sbom', {
    ...subject,
    artifactType: SBOM,
    annotations,
  });
  // By tag as well as by digest: still one.
  await putManifest(holdfast, 'shown', 'sbom', artifact.manifest);
  const plain = await pushSample(holdfast, 'shown', undefined, 'plain', subject);
  const index = Buffer.from(JSON.stringify(indexOf([], { ...subject, annotations })));
  await putManifest(holdfast, 'shown', 'index', index, MediaType.ociIndex);
  const typed = Buffer.from(JSON.stringify(indexOf([], { ...subject, artifactType: SBOM })));
  await putManifest(holdfast, 'shown', digestOf(typed), typed, MediaType.ociIndex);

  const expected = [
    { ...describe(artifact.manifest, MediaType.ociManifest), artifactType: SBOM, annotations },
    { ...describe(plain.manifest, MediaType.ociManifest), artifactType: CONFIG_TYPE },
    { ...describe(index, MediaType.ociIndex), annotations },
    { ...describe(typed, MediaType.ociIndex), artifactType: SBOM },
  ];
  const { manifests, filters } = await referrers('shown', app.digest);
  const inOrder = expected.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
  assert.deepEqual(manifests, inOrder);
  assert.equal(filters, null);
});

const filters: [title: string, query: string, found: readonly string[]][] = [
  ['an artifact type', '?artifactType=application/spdx%2Bjson', ['sbom']],
  ['an artifact type whose plus is not encoded', '?artifactType=application/spdx+json', ['sbom']],
  [
    'an artifact type that is encoded throughout',
    '?artifactType=application%2Fspdx%2Bjson',
    ['sbom'],
  ],
  ["a config's media type", `?artifactType=${encodeURIComponent(CONFIG_TYPE)}`, ['plain']],
  ['a type that nothing has', '?artifactType=application/none', []],
  ['a type among other parameters', '?n=1&artifactType=application/spdx+json&x=y', ['sbom']],
];
const filtered = await pushSample(holdfast, 'filtered', 'v1');
const samples = new Map<string, string>();
for (const [seed, extra] of [
  ['sbom', { artifactType: SBOM }],
  ['plain', {}],
] as const) {
  const more = { ...subjectOf(filtered), ...extra };
  const { digest } = await pushSample(holdfast, 'filtered', undefined, seed, more);
  samples.set(digest, seed);
}
for (const [title, query, found] of filters) {
  test(`${title} filters, and the answer says so`, async () => {
    const { manifests, filters: applied } = await referrers('filtered', filtered.digest, query);
    assert.deepEqual(
      manifests.map(({ digest }) => samples.get(digest as string)),
      found,
    );
    assert.equal(applied, 'artifactType');
  });
}

test('an empty artifact type is no filter', async () => {
  const { manifests, filters: applied } = await referrers(
    'filtered',
    filtered.digest,
    '?artifactType=',
  );
  assert.deepEqual([manifests.length, applied], [2, null]);
});

test('the subject may come later, by sha512, or never', async () => {
  const later = Buffer.from(JSON.stringify(indexOf([], { annotations: { later: 'yes' } })));
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const digest = digestOf(later, algorithm);
    const subject = { mediaType: MediaType.ociIndex, digest, size: later.byteLength };
    const { digest: referrer } = await pushSample(holdfast, 'later', undefined, algorithm, {
      subject,
    });
    const shown = async () =>
      (await referrers('later', digest)).manifests.map((one) => one['digest']);
    assert.deepEqual(await shown(), [referrer]);
    await putManifest(holdfast, 'later', digest, later, MediaType.ociIndex);
    assert.deepEqual(await shown(), [referrer]);
    const path = `/v2/later/manifests/${digest}`;
    assert.equal((await holdfast.fetch(path, { method: 'DELETE' })).status, 202);
    assert.deepEqual(await shown(), [referrer]);
  }
});

test('a referrer that is deleted is no longer shown', async () => {
  const app = await pushSample(holdfast, 'deleted', 'v1');
  const one = await pushSample(holdfast, 'deleted', undefined, 'one', subjectOf(app));
  const two = await pushSample(holdfast, 'deleted', 'two', 'two', subjectOf(app));
  const remove = async (reference: string) => {
    const path = `/v2/deleted/manifests/${reference}`;
    assert.equal((await holdfast.fetch(path, { method: 'DELETE' })).status, 202);
  };
  const shown = async () =>
    (await referrers('deleted', app.digest)).manifests.map((listed) => listed['digest']);
  await remove(one.digest);
  assert.deepEqual(await shown(), [two.digest]);
  // A tag that goes takes nothing with it.
  await remove('two');
  assert.deepEqual(await shown(), [two.digest]);
  await remove(two.digest);
  assert.deepEqual(await shown(), []);
});

test('a referrer is only shown in the repository that it was pushed to', async () => {
  const app = await pushSample(holdfast, 'here', 'v1', 'app');
  await pushSample(holdfast, 'there', 'v1', 'app');
  await pushSample(holdfast, 'here', undefined, 'signature', subjectOf(app));
  assert.equal((await referrers('here', app.digest)).manifests.length, 1);
  assert.equal((await referrers('there', app.digest)).manifests.length, 0);
});

test('the fallback tag of older clients is a tag like any other', async () => {
  const app = await pushSample(holdfast, 'fallback', 'v1');
  const tag = app.digest.replace(':', '-');
  const index = Buffer.from(JSON.stringify(indexOf([app.manifest])));
  assert.equal(
    (await putManifest(holdfast, 'fallback', tag, index, MediaType.ociIndex)).status,
    201,
  );
  const get = await holdfast.fetch(`/v2/fallback/manifests/${tag}`);
  assert.deepEqual(Buffer.from(await get.arrayBuffer()), index);
  const list = await holdfast.fetch('/v2/fallback/tags/list');
  assert.deepEqual(((await list.json()) as { tags: string[] }).tags, [tag, 'v1'].toSorted());
  const path = `/v2/fallback/manifests/${tag}`;
  assert.equal((await holdfast.fetch(path, { method: 'DELETE' })).status, 202);
});
