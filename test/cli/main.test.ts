import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { program } from '../helpers/program.ts';

const [node, ...words] = program('src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'holdfast-main-'));
after(() => rmSync(folder, { recursive: true }));

function start(args: string[], environment: Record<string, string> = {}): ChildProcess {
  return spawn(node, [...words, ...args], {
    cwd: folder,
    env: { ...process.env, HOLDFAST_CONFIG: '', HOLDFAST_STORAGE_DIR: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function result(
  child: ChildProcess,
): Promise<{ code: number | null; out: string; err: string }> {
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), ended]);
  return { code, out, err };
}

/** A server that listens, and its address as it printed it. */
async function serving(): Promise<{
  child: ChildProcess;
  url: string;
  ended: ReturnType<typeof result>;
}> {
  const child = start(['serve'], { HOLDFAST_LISTEN: '127.0.0.1:0' });
  const ended = result(child);
  const url = await new Promise<string>((resolve, reject) => {
    let seen = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      const address = /listens on (\S+)\n/.exec(seen)?.[1];
      if (address !== undefined) resolve(address);
    });
    void ended.then(({ err }) => reject(new Error(`it ended: ${err}`)));
  });
  return { child, url, ended };
}

test('the process ends with the code of its command, and says things where they belong', async () => {
  const good = await result(start(['check-config']));
  assert.deepEqual([good.code, good.err], [0, '']);
  assert.equal((JSON.parse(good.out) as { offline: boolean }).offline, false);
  const bad = await result(start(['check-config'], { HOLDFAST_LISTEN: 'nowhere' }));
  assert.deepEqual([bad.code, bad.out], [2, '']);
  assert.match(bad.err, /^HOLDFAST_LISTEN: got "nowhere"/);
});

test('serve is the default command, answers, and ends with 0 at a signal', async () => {
  const { child, url, ended } = await serving();
  assert.equal((await fetch(`${url}/v2/`)).status, 200);
  child.kill('SIGTERM');
  const { code, out, err } = await ended;
  assert.equal(code, 0);
  assert.match(out, /"registry-mirrors"/);
  const messages = err
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  assert.deepEqual(
    messages.filter((message) => message !== 'request'),
    ['ready', 'stopping', 'stopped'],
  );
});

test('a second signal ends serve at once with 1, whatever still runs', async () => {
  const { child, url, ended } = await serving();
  const begun = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' });
  const upload = request(new URL(begun.headers.get('location')!, url), {
    method: 'PATCH',
    headers: { expect: '100-continue', 'content-type': 'application/octet-stream' },
  });
  upload.on('error', () => undefined);
  upload.flushHeaders();
  // The server has the request and waits for a body that does not come.
  await once(upload, 'continue');
  child.kill('SIGINT');
  while (!(await stopping(url))) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGINT');
  const { code, err } = await ended;
  assert.equal(code, 1);
  assert.match(err, /^holdfast: stopped at once by a second signal/m);
});

/** It does not take connections any more. */
function stopping(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`, { headers: { connection: 'close' } }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return false;
    },
    () => true,
  );
}

test('a port that is taken is told in one line', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  try {
    const { code, out, err } = await result(start([], { HOLDFAST_LISTEN: `127.0.0.1:${port}` }));
    assert.deepEqual([code, out], [1, '']);
    assert.equal(
      err,
      `holdfast: cannot listen on 127.0.0.1:${port}: another program listens there (EADDRINUSE)\n`,
    );
  } finally {
    taken.close();
  }
});
