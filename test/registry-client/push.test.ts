/** Pushing to any registry: nothing twice, on over cut connections, and where Location leads. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';
import { RegistryClient } from '../../src/registry-client/registry-client.ts';
import { cleanUp } from '../helpers/clean-up.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { FakeRegistry, type FakeRegistryOptions } from './fake-registry.ts';

const APP = parseRepositoryName('team/app') as RepositoryName;
const OTHER = parseRepositoryName('team/other') as RepositoryName;
const content = madeUpBytes('layer', 3_000_000);
const digest = digestOf(content);

async function* bytes(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += 65_536) yield content.subarray(at, at + 65_536);
}

const blob = { digest, size: content.byteLength, open: bytes };

async function start(
  t: TestContext,
  options: FakeRegistryOptions = {},
): Promise<{ registry: FakeRegistry; client: RegistryClient }> {
  const registry = await FakeRegistry.start(t, options);
  const client = new RegistryClient({
    url: new URL(registry.url),
    account: undefined,
    insecure: false,
    firstWait: 1,
  });
  cleanUp(t, () => client.close());
  return { registry, client };
}

function held(registry: FakeRegistry, name: string = APP): boolean {
  return registry.blobs.get(`${name}@${digest}`)?.equals(content) === true;
}

test('a blob is asked for first, then sent in one go', async (t) => {
  const { registry, client } = await start(t);
  assert.equal(await client.pushBlob(APP, blob), 'sent');
  assert.ok(held(registry));
  assert.deepEqual(registry.log, [
    'HEAD /v2/team/app/blobs/…',
    'POST /v2/team/app/blobs/uploads/',
    'PATCH /v2/team/app/blobs/uploads/…',
    'PUT /v2/team/app/blobs/uploads/…?digest=…',
  ]);
  const patch = registry.seen[2];
  assert.equal(patch?.headers['content-length'], String(content.byteLength));
  assert.equal(patch?.headers['content-range'], undefined);
});

test('a blob that is there is not sent', async (t) => {
  const { registry, client } = await start(t);
  registry.blobs.set(`${APP}@${digest}`, content);
  assert.equal(await client.pushBlob(APP, blob), 'held');
  assert.equal(registry.seen.length, 1);
});

test('a blob of another repository is mounted; where that is refused it is sent', async (t) => {
  const { registry, client } = await start(t);
  registry.blobs.set(`${OTHER}@${digest}`, content);
  assert.equal(await client.pushBlob(APP, blob, { from: OTHER }), 'mounted');
  assert.ok(held(registry));
  registry.blobs.clear();
  assert.equal(await client.pushBlob(APP, blob, { from: OTHER }), 'sent');
  assert.ok(held(registry));
});

test('an upload that is cut goes on where it was, again and again', async (t) => {
  const { registry, client } = await start(t, { cutUploads: [1_000_000, 500_000, 1, 1_234_567] });
  let sent = 0;
  await client.pushBlob(APP, blob, { onSent: (count) => (sent += count) });
  assert.ok(held(registry));
  assert.equal(sent, content.byteLength);
  const ranges = registry.seen.flatMap(({ method, headers }) =>
    method === 'PATCH' ? [headers['content-range']] : [],
  );
  assert.deepEqual(ranges, [
    undefined,
    '1000000-2999999',
    '1500000-2999999',
    '1500001-2999999',
    '2734568-2999999',
  ]);
});

test('an upload that never gets on is given up', async (t) => {
  const { registry, client } = await start(t, { cutUploads: Array.from({ length: 50 }, () => 0) });
  await assert.rejects(client.pushBlob(APP, blob), /the connection was cut|ECONNRESET|EPIPE/);
  assert.ok(!held(registry));
  assert.equal(registry.openUploads, 0);
});

test('a stream that comes by once is sent in pieces, and goes on over cuts', async (t) => {
  const { registry, client } = await start(t, { cutUploads: [1_000_000] });
  await client.pushStream(APP, { [Symbol.asyncIterator]: bytes, digest });
  assert.ok(held(registry));
  const ranges = registry.seen.flatMap(({ method, headers }) =>
    method === 'PATCH' ? [headers['content-range']] : [],
  );
  assert.deepEqual(ranges, ['0-2999999', '1000000-2999999']);
});

test('an answer to the last request that is lost does not matter', async (t) => {
  const { registry, client } = await start(t, { loseFinish: true });
  assert.equal(await client.pushBlob(APP, blob), 'sent');
  assert.ok(held(registry));
});

// oxlint-disable-next-line typescript/require-await
async function* damagedBytes(): AsyncGenerator<Uint8Array> {
  yield content.subarray(0, 1_000_000);
  throw new Error('the archive is damaged');
}

test('bytes that turn out to be wrong end the session', async (t) => {
  const { registry, client } = await start(t);
  const open = damagedBytes;
  await assert.rejects(client.pushBlob(APP, { ...blob, open }), /the archive is damaged/);
  assert.equal(registry.openUploads, 0);
  assert.equal(registry.blobs.size, 0);
});

const LOCATIONS: readonly (readonly [string, (path: string, url: string) => string])[] = [
  ['relative', (path) => path],
  ['absolute', (path, url) => url + path],
  ['with a query that is signed', (path) => `${path}?_state=a%2Fb%2B%3D&x=%20y`],
  ['absolute, with a query', (path, url) => `${url}${path}?_state=A-_%3D`],
];

for (const [what, location] of LOCATIONS) {
  test(`a Location that is ${what}`, async (t) => {
    const { registry, client } = await start(t, { location });
    await client.pushBlob(APP, blob);
    assert.ok(held(registry));
    const query = location('', '').replace(/^[^?]*/, '');
    const put = registry.seen.find(({ method }) => method === 'PUT')?.path ?? '';
    const joint = query === '' ? '?' : `${query}&`;
    assert.ok(put.endsWith(`${joint}digest=${encodeURIComponent(digest)}`), put);
  });
}

test('a registry that stumbles is asked again', async (t) => {
  const { registry, client } = await start(t, { stumbles: [503, 429, 500] });
  assert.equal(await client.pushBlob(APP, blob), 'sent');
  assert.ok(held(registry));
});

test('a registry that stays down is told of', async (t) => {
  const { client } = await start(t, { stumbles: Array.from({ length: 20 }, () => 503) });
  await assert.rejects(client.pushBlob(APP, blob), /HEAD team\/app sha256:[a-f0-9]+: 503/);
});

test('a manifest goes as it is, with its type', async (t) => {
  const { registry, client } = await start(t);
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from('{ "schemaVersion" : 2 }');
  await client.pushManifest(APP, '1', { mediaType: type, bytes: manifest });
  assert.deepEqual(registry.manifests.get('team/app:1'), { bytes: manifest, type });
  const found = await client.manifest(APP, '1');
  assert.deepEqual(found, { digest: digestOf(manifest), mediaType: type, bytes: manifest });
  assert.equal(await client.manifest(APP, '2'), undefined);
});

test('a manifest that is not what its digest says is refused', async (t) => {
  const { registry, client } = await start(t);
  const wanted: Digest = digestOf(Buffer.from('a'));
  registry.manifests.set(`team/app:${wanted}`, { bytes: Buffer.from('b'), type: '' });
  await assert.rejects(client.manifest(APP, wanted), /what came has the digest sha256/);
});

test('nothing listens', async (t) => {
  const { registry, client } = await start(t);
  const url = new URL(registry.url);
  url.port = '1';
  const nobody = new RegistryClient({ url, account: undefined, insecure: false, firstWait: 1 });
  cleanUp(t, () => nobody.close());
  await assert.rejects(nobody.hasBlob(APP, digest), /nothing listens there \(ECONNREFUSED\)/);
  assert.equal(await client.hasBlob(APP, digest), false);
});
