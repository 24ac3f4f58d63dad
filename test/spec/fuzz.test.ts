/** A few thousand requests made of pieces that hurt: no answer is an error of the server, and nothing is written beside the store. */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { Holdfast } from '../helpers/holdfast.ts';
import { pushSample } from './pushing.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const ROUNDS = 4_000;
const PARALLEL = 16;

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];
const PIECES = [
  'v2',
  'app',
  'library',
  'manifests',
  'blobs',
  'uploads',
  'tags',
  'list',
  'referrers',
  '_catalog',
  'v1',
  'latest',
  '..',
  '.',
  '...',
  '',
  '%2e%2e',
  '%2f',
  '%2F..',
  '%5c',
  '%00',
  '%',
  '%zz',
  '%ff',
  '%c0%af',
  '%25',
  '%252e',
  '\\',
  'A',
  'ä',
  'a_b',
  'a__b',
  'a--b',
  '_',
  '-',
  'a'.repeat(130),
  'a'.repeat(300),
  '*',
  '*name',
  ':digest',
  '{}',
  '{/}',
  '(a|b)',
  'sha256:',
  `sha256:${'0'.repeat(64)}`,
  `sha512:${'a'.repeat(128)}`,
  'sha256:..',
  'md5:x',
  ':',
  '@',
  ';',
  '~',
  '^',
  '|',
  '00000000-0000-4000-8000-000000000000',
  'upload-x',
  'holdfast.db',
  'etc',
  'passwd',
  '__proto__',
  'constructor',
];
const QUERIES = [
  '',
  '',
  '',
  '?',
  '?n=0',
  '?n=-1',
  '?n=2&last=v',
  '?digest=sha256:x',
  '?mount=x&from=..',
  '?tag=..',
  '?ns=docker.io',
  '?ns=..',
  '?artifactType=%',
  '?%',
  '?__proto__=1',
  '?digest-algorithm=md5',
];
const HEADERS: Record<string, string>[] = [
  {},
  {},
  { Range: 'bytes=0-' },
  { Range: 'bytes=-0,5' },
  { 'Content-Range': '0-4' },
  { 'Content-Range': 'x' },
  { 'If-None-Match': '*' },
  { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
  { 'Content-Type': 'x/y' },
];
const BODIES = [
  '',
  '',
  'hello',
  '{}',
  '[]',
  'null',
  '{"schemaVersion":2,"manifests":[]}',
  '{"layers":[{}],"config":{}}',
];

/** The same pieces in every run: a failure can be run again. */
function chooser(seed: number): <Value>(from: readonly Value[]) => Value {
  let state = seed;
  return (from) => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const one = from[(state >>> 0) % from.length];
    assert.ok(one !== undefined);
    return one;
  };
}

const LENGTHS = [1, 2, 3, 5];
const STARTS = ['/v2/', '/v2/', '/v2/', '/v2/', '/v2/', '/'];
const NAMES = ['app', 'app', 'library/app', 'new', 'a/blobs/b'];
const ROUTES = ['manifests', 'blobs', 'blobs/uploads', 'tags', 'referrers', 'tags/list'];

interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

function attempt(pick: ReturnType<typeof chooser>): Attempt {
  const pieces = (count: number) => Array.from({ length: count }, () => pick(PIECES)).join('/');
  const start = pick(STARTS);
  // Most are shaped like the API, or few would get past the router.
  const path = pick([
    `${start}${pieces(pick(LENGTHS))}`,
    `${start}${pick(NAMES)}/${pick(ROUTES)}/${pick(PIECES)}`,
    `${start}${pieces(1)}/${pick(ROUTES)}/${pick(PIECES)}`,
    `${start}${pieces(pick(LENGTHS))}/${pick(ROUTES)}/${pick(PIECES)}`,
  ]);
  const target = encodeURI(path + pick(QUERIES)).replaceAll('%25', '%');
  const body = pick(BODIES);
  const headers = { ...pick(HEADERS), 'Content-Length': String(body.length) };
  return { method: pick(METHODS), path: target, headers, body };
}

function status(port: number, agent: Agent, { body, ...rest }: Attempt): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent, ...rest }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        resolve(answer.statusCode ?? 0);
      });
      answer.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

test('no path, method, query, header or body makes the server fail or leave its directory', async (t) => {
  const parent = await temporaryDirectory(t);
  const dir = join(parent, 'inner', 'store');
  await mkdir(dir, { recursive: true });
  const holdfast = await Holdfast.start({ dir });
  t.after(() => holdfast.close());
  await pushSample(holdfast, 'app', 'v1');
  const layout = await readdir(dir);

  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });
  t.after(() => {
    agent.destroy();
  });
  const pick = chooser(0x1d0c);
  const seen = new Map<number, number>();
  const attempts = Array.from({ length: ROUNDS }, () => attempt(pick));
  const worker = async (): Promise<void> => {
    for (let one = attempts.pop(); one !== undefined; one = attempts.pop()) {
      const answered = await status(holdfast.port, agent, one);
      seen.set(answered, (seen.get(answered) ?? 0) + 1);
      assert.ok(answered >= 200 && answered < 500, `${answered}: ${JSON.stringify(one)}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));

  // The pieces reach more than the router's 404.
  for (const expected of [200, 202, 400, 404, 405]) assert.ok(seen.has(expected), String(expected));
  assert.deepEqual(await readdir(parent), ['inner']);
  assert.deepEqual(await readdir(join(parent, 'inner')), ['store']);
  assert.deepEqual(await readdir(dir), layout);
  assert.equal((await holdfast.fetch('/v2/app/manifests/v1')).status, 200);
});
