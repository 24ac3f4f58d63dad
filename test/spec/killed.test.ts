/** kill -9: no acknowledged push is lost, and nothing half-done is served. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../helpers/eventually.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { program } from '../helpers/program.ts';
import { getVerified, pullImage, pushImage } from '../helpers/registry-client.ts';
import { beginUpload, close, patch, uploadRange } from './pushing.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { Wire } from './wire.ts';

/** Reads the log until the server says where it listens. */
async function listening(child: ChildProcess): Promise<number> {
  assert.ok(child.stderr);
  for await (const line of createInterface({ input: child.stderr })) {
    const { msg, port } = JSON.parse(line) as { msg?: string; port?: number };
    if (msg === 'ready' && port !== undefined) return port;
  }
  throw new Error('the server ended before it was ready');
}

test('after kill -9 every acknowledged push is whole, and an upload goes on from what it tells', async (t) => {
  const dir = await temporaryDirectory(t);
  const config = join(dir, 'config.json');
  const listen = { host: '127.0.0.1', port: 0 };
  const storage = { dir: join(dir, 'cache') };
  await writeFile(
    config,
    JSON.stringify({ listen, storage, upstreams: {}, defaultUpstream: null }),
  );
  const [node, ...words] = program('src/main.ts');
  const child = spawn(node, [...words, 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const port = await listening(child);
  const url = `http://127.0.0.1:${port}`;
  const killed = { port, fetch: (path: string, init?: RequestInit) => fetch(url + path, init) };

  const pushed = await pushImage(url, 'acknowledged', 'v1', [100_000, 300_000]);
  const content = madeUpBytes('killed', 400_000);
  const digest = digestOf(content);
  const location = await beginUpload(killed, 'unfinished');
  await patch(killed, location, content.subarray(0, 100_000), '0-99999');
  const wire = await Wire.connect(killed);
  await wire.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n`);
  await wire.write(content.subarray(100_000, 250_000));
  await eventually('what was sent is counted', async () => {
    return (await uploadRange(killed, location)) === '0-249999';
  });
  child.kill('SIGKILL');
  await once(child, 'exit');

  const again = await Holdfast.start({ dir: storage.dir });
  t.after(() => again.close());
  assert.equal((await pullImage(again.url, 'acknowledged', 'v1')).digest, pushed.digest);
  assert.equal(await uploadRange(again, location), '0-249999');
  assert.equal((await close(again, location, digest, content.subarray(250_000))).status, 201);
  await getVerified(again.url + `/v2/unfinished/blobs/${digest}`, digest);
});
