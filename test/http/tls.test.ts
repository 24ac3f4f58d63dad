import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type SecureVersion } from 'node:tls';
import { Router } from '@koa/router';
import type { RequestState } from '../../src/http/context.ts';
import { HttpServer } from '../../src/http/server.ts';
import { createLogger } from '../../src/observe/log.ts';
import { cleanUp } from '../helpers/clean-up.ts';
import { eventually } from '../helpers/eventually.ts';
import { temporaryDirectory } from '../helpers/mirror.ts';
import { RENEWED_TLS, TEST_CA, TEST_TLS } from '../helpers/test-certificates.ts';

interface TlsServer {
  /** Messages logged so far. */
  readonly logged: readonly string[];
  readonly port: number;
  readonly cert: string;
  readonly key: string;
}

async function listen(t: TestContext): Promise<TlsServer> {
  const dir = await temporaryDirectory(t);
  const tls = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  await writeFile(tls.cert, TEST_TLS.cert);
  await writeFile(tls.key, TEST_TLS.key);
  const logged: string[] = [];
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    tls,
    certificatePollMs: 20,
    router: new Router<RequestState>(),
    log: createLogger('info', { write: (line) => void logged.push(line) }),
    onRequest: () => undefined,
  });
  cleanUp(t, () => server.close(0));
  return { port: server.address.port, logged, ...tls };
}

/** What a handshake with exactly this version comes to. */
async function handshake(port: number, version?: SecureVersion) {
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: [TEST_CA, RENEWED_TLS.cert],
    // The library itself refuses what is older than 1.2 at its usual level of security.
    ...(version && { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }),
  });
  try {
    await once(socket, 'secureConnect');
    return { protocol: socket.getProtocol(), subject: socket.getPeerCertificate().subject.CN };
  } finally {
    socket.destroy();
  }
}

test('TLS 1.2 and 1.3 are spoken, and nothing older', async (t) => {
  const { port } = await listen(t);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    assert.equal((await handshake(port, version)).protocol, version);
  }
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const refused = { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' };
    await assert.rejects(handshake(port, version), refused);
  }
});

test('a renewed certificate is used without a restart; half a renewal leaves the old one', async (t) => {
  const { port, cert, key, logged } = await listen(t);
  const subject = async (): Promise<unknown> => (await handshake(port)).subject;
  assert.equal(await subject(), 'localhost');
  await writeFile(cert, RENEWED_TLS.cert);
  await eventually('the key is found not to fit', () => {
    return logged.some((line) => line.includes('certificate not reloaded'));
  });
  assert.equal(await subject(), 'localhost');
  await writeFile(key, RENEWED_TLS.key);
  await eventually('the renewed certificate is shown', async () => {
    return (await subject()) === 'Holdfast renewed test certificate';
  });
});
