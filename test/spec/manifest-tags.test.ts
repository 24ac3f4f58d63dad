/** Tags: end-7b (`?tag=`), OCI-Tag and OCI-Subject, and what happens to a tag that moves. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { describe, indexOf, pushSample, putManifest, sample } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

async function tags(repository: string): Promise<readonly string[]> {
  const list = await holdfast.fetch(`/v2/${repository}/tags/list`);
  return ((await list.json()) as { tags: string[] }).tags;
}

async function digestOfTag(repository: string, tag: string): Promise<string | null> {
  const head = await send(holdfast, 'HEAD', `/v2/${repository}/manifests/${tag}`);
  return head.status === 200 ? head.headers.get('docker-content-digest') : null;
}

test('a push by digest takes a dozen tags at once and names each that it took', async () => {
  const { manifest, digest } = await pushSample(holdfast, 'many', undefined);
  const wanted = Array.from({ length: 12 }, (_, index) => `v1.${index}`);
  const query = wanted.map((tag) => `tag=${tag}`).join('&');
  const put = await putManifest(holdfast, 'many', `${digest}?${query}`, manifest);
  assert.equal(put.status, 201, await put.text());
  assert.deepEqual((put.headers.get('oci-tag') ?? '').split(/, ?/), wanted);
  assert.equal(put.headers.get('docker-content-digest'), digest);
  assert.equal(put.headers.get('location'), `/v2/many/manifests/${digest}`);
  for (const tag of wanted) assert.equal(await digestOfTag('many', tag), digest);
  assert.deepEqual(await tags('many'), wanted.toSorted());
});

test('a sha512 manifest is tagged in the same way', async () => {
  const { manifest } = await pushSample(holdfast, 'tagged512', undefined);
  const digest = digestOf(manifest, 'sha512');
  const put = await putManifest(holdfast, 'tagged512', `${digest}?tag=strong`, manifest);
  assert.deepEqual([put.status, put.headers.get('oci-tag')], [201, 'strong']);
  assert.equal(await digestOfTag('tagged512', 'strong'), digest);
});

test('one invalid tag among several, and none is applied', async () => {
  const { manifest, digest } = await pushSample(holdfast, 'all-or-none', 'before');
  for (const bad of ['.dot', '', 'a'.repeat(129), 'a%2Fb', 'sha256:abc', 'a+b']) {
    const query = `tag=one&tag=${bad}&tag=two`;
    const put = await putManifest(holdfast, 'all-or-none', `${digest}?${query}`, manifest);
    await refusal(put, 400, 'MANIFEST_INVALID');
  }
  assert.deepEqual(await tags('all-or-none'), ['before']);
});

test('?tag= with a tag in the path is refused, and neither is applied', async () => {
  const { manifest } = await pushSample(holdfast, 'both', 'before');
  const put = await putManifest(holdfast, 'both', 'path?tag=query', manifest);
  await refusal(put, 400, 'MANIFEST_INVALID');
  assert.deepEqual(await tags('both'), ['before']);
});

test('more tags than fit are refused with 414', async () => {
  const { manifest, digest } = await pushSample(holdfast, 'greedy', undefined);
  const query = Array.from({ length: 500 }, (_, index) => `tag=t${index}`).join('&');
  const put = await putManifest(holdfast, 'greedy', `${digest}?${query}`, manifest);
  assert.equal(put.status, 414);
  await put.text();
  assert.deepEqual(await tags('greedy'), []);
});

test('a push without ?tag= has no OCI-Tag', async () => {
  const { manifest } = await pushSample(holdfast, 'plain', undefined);
  const put = await putManifest(holdfast, 'plain', 'v1', manifest);
  assert.equal(put.headers.get('oci-tag'), null);
  assert.equal(put.headers.get('oci-subject'), null);
});

test('a tag that moves leaves the old manifest where its digest says', async () => {
  const old = await pushSample(holdfast, 'moving', 'latest', 'old');
  const young = await pushSample(holdfast, 'moving', 'latest', 'new');
  const get = await holdfast.fetch('/v2/moving/manifests/latest');
  assert.deepEqual(Buffer.from(await get.arrayBuffer()), young.manifest);
  const kept = await holdfast.fetch(`/v2/moving/manifests/${old.digest}`);
  assert.deepEqual(Buffer.from(await kept.arrayBuffer()), old.manifest);
  for (const { layer } of [old, young]) {
    const head = await send(holdfast, 'HEAD', `/v2/moving/blobs/${digestOf(layer)}`);
    assert.equal(head.status, 200);
  }
  assert.deepEqual(await tags('moving'), ['latest']);
});

test('a tag also moves with ?tag=, and back again', async () => {
  const one = await pushSample(holdfast, 'swinging', 'latest', 'one');
  const two = await pushSample(holdfast, 'swinging', undefined, 'two');
  await putManifest(holdfast, 'swinging', `${two.digest}?tag=latest`, two.manifest);
  assert.equal(await digestOfTag('swinging', 'latest'), two.digest);
  await putManifest(holdfast, 'swinging', 'latest', one.manifest);
  assert.equal(await digestOfTag('swinging', 'latest'), one.digest);
});

test('of many pushes to one tag at once, one wins and the tag is whole', async () => {
  const images = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      pushSample(holdfast, 'contended', undefined, `image ${index}`),
    ),
  );
  const puts = images.map(({ manifest }) => putManifest(holdfast, 'contended', 'latest', manifest));
  for (const put of await Promise.all(puts)) assert.equal(put.status, 201);
  const winner = await digestOfTag('contended', 'latest');
  assert.ok(images.some(({ digest }) => digest === winner));
});

const SUBJECT = describe(Buffer.from('{"never":"pushed"}'), MediaType.ociManifest);
const SUBJECT512 = { ...SUBJECT, digest: digestOf(Buffer.from('x'), 'sha512') };

for (const subject of [SUBJECT, SUBJECT512]) {
  const name = subject.digest.slice(0, 6);

  test(`every push of an image with a ${name} subject names it, the subject need not exist`, async () => {
    const repository = `subject-${name}`;
    const { manifest, digest } = await pushSample(holdfast, repository, undefined, 's', {
      subject,
    });
    for (const reference of [digest, 'tag', `${digest}?tag=more`, digest, 'tag']) {
      const put = await putManifest(holdfast, repository, reference, manifest);
      assert.deepEqual([put.status, put.headers.get('oci-subject')], [201, subject.digest]);
    }
  });

  test(`every push of an index with a ${name} subject names it`, async () => {
    const index = Buffer.from(JSON.stringify(indexOf([], { subject })));
    for (const reference of ['tag', digestOf(index)]) {
      const put = await putManifest(
        holdfast,
        `index-${name}`,
        reference,
        index,
        MediaType.ociIndex,
      );
      assert.deepEqual([put.status, put.headers.get('oci-subject')], [201, subject.digest]);
    }
  });
}

test('the subject of a refused push is not told', async () => {
  const { manifest } = sample('unpushed', { subject: SUBJECT });
  const put = await putManifest(holdfast, 'subject-refused', 'tag', manifest);
  await refusal(put, 400, 'MANIFEST_BLOB_UNKNOWN');
  assert.equal(put.headers.get('oci-subject'), null);
});
