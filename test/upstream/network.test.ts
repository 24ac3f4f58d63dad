import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeProxy } from '../helpers/fake-proxy.ts';
import { TEST_CA, TEST_TLS } from '../helpers/test-certificates.ts';
import { APP, bytesOf, isError, makeUpstream, startFake, tagged } from './make-upstream.ts';

const TRUSTING = { tls: { ca: TEST_CA, insecureSkipVerify: false } };
const BLOB = Buffer.from('a blob');

async function startProxy(t: TestContext): Promise<FakeProxy> {
  const proxy = await FakeProxy.start();
  t.after(() => proxy.stop());
  return proxy;
}

/** Sets environment variables until the test ends. */
function setEnvironment(t: TestContext, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

test('a certificate of an unknown authority is refused', async (t) => {
  const fake = await startFake(t, { tls: TEST_TLS });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.tags(APP, {}), isError('unreachable', /certificate/));
  assert.equal(fake.requests.length, 0);
});

test('an own authority is trusted, for tokens and redirects too', async (t) => {
  const options = { tls: TEST_TLS, redirectBlobs: true, separateRealm: true } as const;
  const fake = await startFake(t, { ...options, auth: { scheme: 'bearer' } });
  const { body } = await makeUpstream(t, fake.url, TRUSTING).blob(APP, fake.addBlob(BLOB), 0);
  assert.deepEqual(await bytesOf(body), BLOB);
});

test('verification can be switched off', async (t) => {
  const fake = await startFake(t, { tls: TEST_TLS });
  fake.addImage(APP, '1.0');
  const tls = { ca: null, insecureSkipVerify: true };
  await makeUpstream(t, fake.url, { tls }).manifest(APP, tagged('1.0'));
});

test('a redirect from https to http is refused and not followed', async (t) => {
  const fake = await startFake(t, { tls: TEST_TLS });
  const plain = await startFake(t);
  fake.fault({ status: 307, headers: { location: `${plain.url}/v2/` } });
  const upstream = makeUpstream(t, fake.url, TRUSTING);
  await assert.rejects(upstream.tags(APP, {}), isError('denied', /https to http/));
  assert.equal(plain.requests.length, 0);
});

test('an http token realm of an https upstream is refused and not asked', async (t) => {
  const plain = await startFake(t);
  const auth = { scheme: 'bearer', realm: `${plain.url}/token` } as const;
  const fake = await startFake(t, { tls: TEST_TLS, auth });
  const upstream = makeUpstream(t, fake.url, TRUSTING);
  await assert.rejects(upstream.tags(APP, {}), isError('denied', /https/));
  assert.equal(plain.requests.length, 0);
});

for (const tls of [undefined, TEST_TLS]) {
  test(`a configured proxy is used for ${tls ? 'https' : 'http'}, with its credentials`, async (t) => {
    const fake = await startFake(t, tls && { tls });
    const proxy = await startProxy(t);
    fake.addImage(APP, '1.0');
    const upstream = makeUpstream(t, fake.url, { ...TRUSTING, proxy: proxy.url('me:pass') });
    await upstream.manifest(APP, tagged('1.0'));
    await upstream.manifest(APP, tagged('1.0'));
    const authorization = `Basic ${Buffer.from('me:pass').toString('base64')}`;
    assert.deepEqual(proxy.requests, [{ target: `127.0.0.1:${fake.port}`, authorization }]);
    assert.ok(fake.requests.every(({ headers }) => headers['proxy-authorization'] === undefined));
  });
}

test('names are resolved by the proxy alone', async (t) => {
  const fake = await startFake(t);
  const proxy = await startProxy(t);
  fake.addImage(APP, '1.0');
  proxy.routes.set('registry.invalid:80', fake.port);
  const upstream = makeUpstream(t, 'http://registry.invalid', { proxy: proxy.url() });
  await upstream.manifest(APP, tagged('1.0'));
});

test('private literals are refused behind a proxy as well', async (t) => {
  const fake = await startFake(t);
  const proxy = await startProxy(t);
  proxy.routes.set('registry.invalid:80', fake.port);
  fake.fault({ status: 307, headers: { location: 'http://169.254.169.254/latest/meta-data' } });
  const upstream = makeUpstream(t, 'http://registry.invalid', { proxy: proxy.url() });
  await assert.rejects(upstream.tags(APP, {}), isError('unreachable', /private address/));
  assert.equal(proxy.requests.length, 1);
});

test('the proxy of the environment is used, but not for what NO_PROXY names', async (t) => {
  const fake = await startFake(t);
  const proxy = await startProxy(t);
  fake.addImage(APP, '1.0');
  setEnvironment(t, { http_proxy: proxy.url(), no_proxy: '' });
  await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
  assert.equal(proxy.requests.length, 1);
  setEnvironment(t, { no_proxy: '127.0.0.1' });
  await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
  assert.equal(proxy.requests.length, 1);
});

test('a proxy that is down is unreachable', async (t) => {
  const fake = await startFake(t);
  const proxy = await FakeProxy.start();
  const url = proxy.url();
  await proxy.stop();
  const upstream = makeUpstream(t, fake.url, { proxy: url });
  await assert.rejects(upstream.tags(APP, {}), isError('unreachable', /REFUSED/));
});
