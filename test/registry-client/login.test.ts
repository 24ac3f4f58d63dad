/** Who asks: Basic, tokens, and where credentials never go. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';
import { RegistryClient } from '../../src/registry-client/registry-client.ts';
import { chooseScheme, parseRegistryUrl } from '../../src/registry-client/registry-url.ts';
import { cleanUp } from '../helpers/clean-up.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { TEST_TLS } from '../helpers/test-certificates.ts';
import { ACCOUNT, FakeRegistry } from './fake-registry.ts';

const APP = parseRepositoryName('team/app') as RepositoryName;
const content = madeUpBytes('layer', 300_000);
const digest = digestOf(content);

// oxlint-disable-next-line typescript/require-await
async function* bytes(): AsyncGenerator<Uint8Array> {
  yield content;
}

const blob = { digest, size: content.byteLength, open: bytes };

function clientOf(
  t: TestContext,
  registry: FakeRegistry,
  account: string | undefined,
  insecure = false,
): RegistryClient {
  const url = new URL(registry.url);
  const client = new RegistryClient({ url, account, insecure, firstWait: 1 });
  cleanUp(t, () => client.close());
  return client;
}

test('Basic: asked once, known from then on', async (t) => {
  const registry = await FakeRegistry.start(t, { login: 'basic' });
  await clientOf(t, registry, ACCOUNT).pushBlob(APP, blob);
  assert.ok(registry.blobs.has(`${APP}@${digest}`));
  assert.equal(
    registry.seen.filter(({ headers }) => headers.authorization === undefined).length,
    1,
  );
});

test('Bearer: a token for what is needed, from the realm', async (t) => {
  const registry = await FakeRegistry.start(t, { login: 'bearer' });
  await clientOf(t, registry, ACCOUNT).pushBlob(APP, blob);
  const tokens = registry.seen.filter(({ path }) => path.startsWith('/token'));
  assert.deepEqual(
    tokens.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`),
    ['GET /token?service=fake&scope=repository:team/app:pull,push'],
  );
  const sent = registry.seen.filter(({ headers }) => headers.authorization === ACCOUNT);
  assert.equal(sent.length, 1, 'the password goes to the realm alone');
});

test('Bearer without an account: a token for pulls', async (t) => {
  const registry = await FakeRegistry.start(t, { login: 'bearer' });
  registry.blobs.set(`${APP}@${digest}`, content);
  const client = clientOf(t, registry, undefined);
  assert.equal(await client.hasBlob(APP, digest), true);
  await assert.rejects(client.pushBlob(APP, blob), /token: 401/);
});

test('a token that expires between and within uploads is replaced', async (t) => {
  const registry = await FakeRegistry.start(t, { login: 'bearer', tokenUses: 2 });
  await clientOf(t, registry, ACCOUNT).pushBlob(APP, blob);
  assert.ok(registry.blobs.has(`${APP}@${digest}`));
});

test('a wrong password, and none at all', async (t) => {
  const wrong = `Basic ${Buffer.from('me:wrong').toString('base64')}`;
  const basic = await FakeRegistry.start(t, { login: 'basic' });
  await assert.rejects(clientOf(t, basic, wrong).pushBlob(APP, blob), /does not take this account/);
  await assert.rejects(clientOf(t, basic, undefined).pushBlob(APP, blob), /--user/);
  const bearer = await FakeRegistry.start(t, { login: 'bearer' });
  await assert.rejects(clientOf(t, bearer, wrong).pushBlob(APP, blob), /token: 401/);
});

test('a realm of another site gets no credentials', async (t) => {
  const thief = await FakeRegistry.start(t);
  const realm = `${thief.url.replace('127.0.0.1', 'localhost')}/token`;
  const registry = await FakeRegistry.start(t, { login: 'bearer', realm });
  await assert.rejects(clientOf(t, registry, ACCOUNT).hasBlob(APP, digest), /token realm/);
  assert.deepEqual(thief.seen, []);
});

test('storage behind a redirect gets no credentials, and its blob is whole', async (t) => {
  const storage = await FakeRegistry.start(t, { cutDownloads: [100_000, 50_000] });
  storage.blobs.set(`store@${digest}`, content);
  const registry = await FakeRegistry.start(t, {
    login: 'basic',
    blobsAt: (wanted) => `${storage.url}/v2/store/blobs/${wanted}`,
  });
  registry.blobs.set(`${APP}@${digest}`, content);
  const chunks: Uint8Array[] = [];
  const client = clientOf(t, registry, ACCOUNT);
  for await (const chunk of client.blob(APP, digest, content.byteLength)) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(content));
  assert.deepEqual(
    storage.seen.map(({ headers }) => [headers.authorization, headers.range]),
    [
      [undefined, undefined],
      [undefined, 'bytes=100000-'],
      [undefined, 'bytes=150000-'],
    ],
  );
});

test('a password does not go over the network in the clear unless that is allowed', () => {
  const url = new URL('http://registry.example:5000');
  const options = { url, account: ACCOUNT } as const;
  assert.throws(() => new RegistryClient({ ...options, insecure: false }), /in the clear/);
  new RegistryClient({ ...options, insecure: true }).close();
  new RegistryClient({ url, account: undefined, insecure: false }).close();
});

test('TLS: a certificate that nobody vouches for is taken with insecure only', async (t) => {
  const registry = await FakeRegistry.start(t, { tls: TEST_TLS });
  await assert.rejects(
    clientOf(t, registry, undefined).hasBlob(APP, digest),
    /certificate is not trusted; --insecure/,
  );
  assert.equal(await clientOf(t, registry, undefined, true).hasBlob(APP, digest), false);
});

test('insecure without a scheme: TLS where the registry speaks it, else plain', async (t) => {
  const tls = await FakeRegistry.start(t, { tls: TEST_TLS });
  const plain = await FakeRegistry.start(t);
  for (const { url } of [tls, plain]) {
    // A name that would be asked with TLS, but for what listens there.
    const { host } = new URL(url);
    const chosen = await chooseScheme(new URL(`https://${host}`), host);
    assert.equal(chosen.origin, url);
  }
});

test('addresses of registries', () => {
  const spelled: Readonly<Record<string, string | undefined>> = {
    'https://r.example': 'https://r.example',
    'r.example': 'https://r.example',
    'r.example:5000': 'https://r.example:5000',
    'http://r.example:5000/': 'http://r.example:5000',
    'https://r.example/v2/': 'https://r.example',
    'https://r.example/sub/path': 'https://r.example/sub/path',
    'docker.io': 'https://registry-1.docker.io',
    '127.0.0.1:5000': 'http://127.0.0.1:5000',
    'localhost:5000': 'http://localhost:5000',
    'https://me:secret@r.example': undefined,
    'https://r.example?x': undefined,
    'not a host': undefined,
  };
  for (const [text, expected] of Object.entries(spelled)) {
    assert.equal(parseRegistryUrl(text)?.href.replace(/\/$/, ''), expected, text);
  }
});
