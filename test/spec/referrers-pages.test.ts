/** end-12 with more than fits into one answer: clients read an index of 4 MiB at most. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MediaType } from '../../src/oci/media-types.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { describe, indexOf, putManifest } from './pushing.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const MAX_BYTES = 4 * 1024 * 1024;
const SUBJECT = describe(Buffer.from('subject'), MediaType.ociManifest);
const TYPES = ['application/vnd.even+json', 'application/vnd.odd+json'] as const;

interface Pages {
  readonly count: number;
  readonly digests: readonly unknown[];
}

/** Follows the links as they are. */
async function pages(path: string, filtered: boolean): Promise<Pages> {
  const digests: unknown[] = [];
  let count = 0;
  for (let next: string | undefined = path; next !== undefined; count += 1) {
    const response = await holdfast.fetch(next);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), MediaType.ociIndex);
    assert.equal(response.headers.get('oci-filters-applied'), filtered ? 'artifactType' : null);
    const text = await response.text();
    assert.ok(Buffer.byteLength(text) <= MAX_BYTES, `a page of ${text.length} characters`);
    const body = JSON.parse(text) as { mediaType: string; manifests: { digest: string }[] };
    assert.equal(body.mediaType, MediaType.ociIndex);
    assert.ok(body.manifests.length > 0);
    digests.push(...body.manifests.map(({ digest }) => digest));
    const link = response.headers.get('link');
    next = link === null ? undefined : /^<(\/[^>]+)>; rel="next"$/.exec(link)?.[1];
    assert.equal(next === undefined, link === null, `Link: ${link}`);
    assert.ok(count < 100, 'the links end');
  }
  return { count, digests };
}

async function pushReferrers(repository: string, count: number, filler: string) {
  const pushed = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const artifactType = TYPES[index % 2];
      const annotations = { index: String(index), filler };
      const manifest = JSON.stringify(indexOf([], { subject: SUBJECT, artifactType, annotations }));
      const content = Buffer.from(manifest);
      const digest = digestOf(content);
      const put = await putManifest(holdfast, repository, digest, content, MediaType.ociIndex);
      assert.equal(put.status, 201);
      return { digest, artifactType };
    }),
  );
  return pushed.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
}

test('referrers of more than 4 MiB come in pages, each a whole index', async () => {
  const all = await pushReferrers('heavy', 16, 'x'.repeat(700_000));
  const { count, digests } = await pages(`/v2/heavy/referrers/${SUBJECT.digest}`, false);
  assert.deepEqual(
    digests,
    all.map(({ digest }) => digest),
  );
  assert.ok(count >= 3, `${count} pages`);
});

test('the links keep the filter, also one whose plus was not encoded', async () => {
  const all = await pushReferrers('heavy', 16, 'x'.repeat(700_000));
  const wanted = all.filter(({ artifactType }) => artifactType === TYPES[0]);
  for (const type of [TYPES[0], encodeURIComponent(TYPES[0])]) {
    const path = `/v2/heavy/referrers/${SUBJECT.digest}?artifactType=${type}`;
    const { count, digests } = await pages(path, true);
    assert.deepEqual(
      digests,
      wanted.map(({ digest }) => digest),
    );
    assert.ok(count >= 2, `${count} pages`);
  }
});

test('a single referrer may be as large as a manifest may be', async () => {
  await pushReferrers('huge', 5, 'x'.repeat(4_100_000));
  const { count } = await pages(`/v2/huge/referrers/${SUBJECT.digest}`, false);
  assert.equal(count, 5);
});
