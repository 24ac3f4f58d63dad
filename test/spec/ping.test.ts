import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Holdfast } from '../helpers/holdfast.ts';
import { send, Wire } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

for (const path of ['/v2/', '/v2', '/v2/?ns=docker.io', '/v2/?account=alice&scope=x']) {
  test(`GET ${path} says that this is a registry`, async () => {
    const response = await holdfast.fetch(path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.equal(response.headers.get('content-length'), '2');
    assert.equal(response.headers.get('docker-distribution-api-version'), 'registry/2.0');
    assert.equal(await response.text(), '{}');
  });

  test(`HEAD ${path} has the headers of GET and no body`, async () => {
    const head = await send(holdfast, 'HEAD', path);
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-type'), 'application/json');
    assert.equal(head.headers.get('content-length'), '2');
    assert.equal(head.headers.get('docker-distribution-api-version'), 'registry/2.0');
    assert.equal(await head.text(), '');
  });
}

test('every answer under /v2 names the API version, also a refusal', async () => {
  for (const path of [
    '/v2/app/manifests/none',
    '/v2/app/tags/list',
    '/v2/nothing',
    '/v2/_catalog',
  ]) {
    const response = await holdfast.fetch(path);
    await response.text();
    assert.equal(response.headers.get('docker-distribution-api-version'), 'registry/2.0', path);
  }
});

test('a TLS greeting on the plain port is answered with HTTP 400, so that clients fall back to HTTP', async () => {
  const wire = await Wire.connect(holdfast);
  // The beginning of a ClientHello: a TLS 1.0 record of 512 bytes with a handshake message in it.
  await wire.write(
    Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(506, 7)]),
  );
  assert.match((await wire.untilClosed()).toString('latin1'), /^HTTP\/1\.1 400 /);
});

test('it answers on after a connection that spoke no HTTP', async () => {
  const wire = await Wire.connect(holdfast);
  await wire.write('SSH-2.0-OpenSSH_9.2p1\r\n\r\n');
  assert.match((await wire.untilClosed()).toString('latin1'), /^HTTP\/1\.1 400 /);
  assert.equal((await holdfast.fetch('/v2/')).status, 200);
});

for (const path of ['/healthz', '/readyz']) {
  test(`${path} answers 200 without any upstream`, async () => {
    const response = await holdfast.fetch(path);
    assert.deepEqual([response.status, await response.text()], [200, 'ok\n']);
  });
}
