/** deploy/healthcheck.mjs, as the container runs it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startHoldfast, temporaryDirectory } from '../helpers/mirror.ts';
import { TEST_TLS } from '../helpers/test-certificates.ts';

const SCRIPT = join(import.meta.dirname, '../../deploy/healthcheck.mjs');

/** The exit code of a check of this port, and what it said. */
function check(port: number): Promise<{ readonly code: number; readonly said: string }> {
  const env = { ...process.env, HOLDFAST_LISTEN: `0.0.0.0:${port}` };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT], { env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, said: stdout + stderr });
    });
  });
}

test('a server that is ready is healthy, over http and over https; one that is gone is not', async (t) => {
  const plain = await startHoldfast(t, {});
  assert.deepEqual(await check(plain.port), { code: 0, said: '' });
  await plain.close();
  assert.deepEqual(await check(plain.port), { code: 1, said: '' });

  const dir = await temporaryDirectory(t);
  const tls = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  await writeFile(tls.cert, TEST_TLS.cert);
  await writeFile(tls.key, TEST_TLS.key);
  const config = { listen: { host: '127.0.0.1', port: 0, tls } };
  const secure = await startHoldfast(t, { config });
  assert.deepEqual(await check(secure.port), { code: 0, said: '' });
});
