/** Walks the route table as people to whom something is closed: no answer has a word of it, nor differs by it. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { fillsAnswer } from '../../src/api/activity.ts';
import { MIRROR_PATH } from '../../src/http/router.ts';
import { type Route, ROUTES } from '../../src/http/routes.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { cleanUp } from '../helpers/clean-up.ts';
import { eventually } from '../helpers/eventually.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { startUpstream } from '../helpers/mirror.ts';
import { beginUpload, pushSample, type Sample, type Server } from '../spec/pushing.ts';
import { as, startWithAccounts, statusOf, withToken } from './signing-in.ts';

/** In every name that is not for others: of repositories, tags, an upstream, an account, annotations. */
const SECRET = 'hush';
const INSIDER = `insider-${SECRET}`;
const OPEN = 'open/app';
const CLOSED = `closed/${SECRET}`;
const UPSTREAM = `${SECRET}.example`;
const MIRRORED = `${UPSTREAM}/closed/${SECRET}`;

const RULES = [
  { match: 'closed/**', grant: { [INSIDER]: ['push', 'delete'] } },
  { match: `${UPSTREAM}/**`, grant: { [INSIDER]: ['pull', 'delete'] } },
];

interface World {
  readonly holdfast: Holdfast;
  readonly open: Sample;
  /** What must not be told: words, digests, the folder. */
  readonly secrets: readonly string[];
  /** Digests of closed content. */
  readonly digests: readonly string[];
}

/** Hosted and mirrored content that is closed, some of it gone, some arriving; pins, misses and an upload; one open repository. */
async function start(t: TestContext): Promise<World> {
  const upstream = await startUpstream(t);
  const annotations = { note: SECRET };
  const image = upstream.addImage(`closed/${SECRET}`, SECRET, { layers: [4_000], annotations });
  const gone = upstream.addImage(`closed/${SECRET}`, `gone-${SECRET}`, { layers: [5_000] });
  const coming = upstream.addImage(`closed/${SECRET}`, 'coming', { layers: [500_000] });
  const { holdfast } = await startWithAccounts(t, {
    accounts: [INSIDER, 'bob', 'root'],
    auth: { rules: RULES, administrators: ['root'] },
    config: { upstreams: { [UPSTREAM]: { url: upstream.url, private: true } }, prefetch: 'off' },
  });
  const insider = as(holdfast, INSIDER);
  const hosted = await pushSample(insider, CLOSED, SECRET, SECRET, { annotations });
  const open = await pushSample(insider, OPEN, 'v1');
  const upload = await beginUpload(insider, CLOSED);
  for (const { manifestDigest, layerDigests } of [image, gone]) {
    assert.equal(await statusOf(insider, `/v2/${MIRRORED}/manifests/${manifestDigest}`), 200);
    assert.equal(await statusOf(insider, `/v2/${MIRRORED}/blobs/${layerDigests[0]}`), 200);
  }
  assert.equal(await statusOf(insider, `/v2/${MIRRORED}/manifests/${SECRET}`), 200);
  const forgotten = `/v2/${MIRRORED}/manifests/${gone.manifestDigest}`;
  assert.equal(await statusOf(insider, forgotten, { method: 'DELETE' }), 202);
  assert.equal(await statusOf(insider, `/v2/${MIRRORED}/manifests/no-${SECRET}`), 404);
  for (const pattern of [`{open,closed}/**${SECRET}*:*`, `{open/app,${CLOSED}}:*`, `${CLOSED}:1`]) {
    await pin(as(holdfast, 'root'), pattern);
  }
  const held = upstream.hold(/\/blobs\//, 1_000);
  const arriving = await insider.fetch(`/v2/${MIRRORED}/blobs/${coming.layerDigests[0]}`);
  cleanUp(t, async () => {
    held.release();
    await arriving.arrayBuffer();
  });
  await eventually('a fill runs', async () => {
    const { fills } = fillsAnswer.parse(await (await insider.fetch('/api/v1/fills')).json());
    return fills.length === 1;
  });
  const digests = [
    hosted.digest,
    digestOf(hosted.layer),
    digestOf(hosted.config),
    ...[image, gone, coming].flatMap((one) => [one.manifestDigest, ...one.layerDigests]),
  ];
  const id = upload.split('/').at(-1) ?? '';
  return { holdfast, open, digests, secrets: [SECRET, holdfast.dir, id, ...digests] };
}

async function pin(root: Server, pattern: string): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify({ pattern }) };
  assert.equal(await statusOf(root, '/api/v1/pins', init), 200, pattern);
}

/** Those to whom it is closed. */
async function outsiders(holdfast: Holdfast): Promise<readonly (readonly [string, Server])[]> {
  const scopes = [`repository:${OPEN}:pull,push,delete`, 'registry:catalog:*', 'registry:api:*'];
  const narrow = await withToken(holdfast, 'root', `repository:${OPEN}:pull`);
  return [
    ['nobody', holdfast],
    ['bob', as(holdfast, 'bob')],
    ['bob’s token', await withToken(holdfast, 'bob', ...scopes)],
    ['a token of root for one repository', narrow],
  ];
}

/** Queries that lists take, and the API besides. */
const QUERIES = ['', '?n=1', '?n=3&last=a'];
const API_QUERIES = [...QUERIES, '?days=2', `?repository=${OPEN}`, `?image=${OPEN}:v1`];

function pathOf({ path }: Route, open: Sample): string {
  const parameters: Readonly<Record<string, string>> = {
    '*name': OPEN,
    ':reference': 'v1',
    ':digest': digestOf(open.layer),
    ':id': '00000000-0000-4000-8000-000000000000',
    ':file': 'style.css',
    '{/}': '/',
  };
  return path.replaceAll(/\*\w+|:\w+|\{\/\}/g, (parameter) => parameters[parameter] ?? parameter);
}

interface Told {
  readonly status: number;
  /** Headers and body. */
  readonly text: string;
}

async function ask(server: Server, path: string, method: string): Promise<Told> {
  const response = await server.fetch(path, { method, headers: { 'X-Holdfast': '1' } });
  const headers = [...response.headers]
    .filter(([name]) => name !== 'date')
    .map((header) => header.join(': '));
  return { status: response.status, text: `${headers.join('\n')}\n\n${await response.text()}` };
}

/** Deletes last: what they leave behind has nothing to show. */
const IN_ORDER = ROUTES.toSorted(
  (one, other) => Number(one.method === 'delete') - Number(other.method === 'delete'),
);

test('no answer of any route has a word of what is closed', async (t) => {
  const { holdfast, open, secrets } = await start(t);
  for (const [who, server] of await outsiders(holdfast)) {
    for (const route of IN_ORDER) {
      const isRead = route.method === 'get';
      const path = pathOf(route, open);
      const paths = path.startsWith('/v2') ? [path, MIRROR_PATH + path] : [path];
      for (const method of isRead ? ['GET', 'HEAD'] : [route.method.toUpperCase()]) {
        const queries = path.startsWith('/api') ? API_QUERIES : QUERIES;
        for (const asked of paths.flatMap((one) => queries.map((query) => one + query))) {
          const { text } = await ask(server, asked, method);
          const told = secrets.filter((secret) => text.includes(secret));
          assert.deepEqual(told, [], `${who}: ${method} ${asked}\n${text}`);
        }
      }
    }
    // Whoever may delete has, for those who come after him.
    await pushSample(as(holdfast, INSIDER), OPEN, 'v1');
  }
});

/** Everything of a repository that may be asked for by a digest. */
function questions(name: string, digest: string): readonly (readonly [string, string])[] {
  const base = `/v2/${name}`;
  return [
    ['GET', `${base}/manifests/${digest}`],
    ['HEAD', `${base}/manifests/${digest}`],
    ['GET', `${base}/blobs/${digest}`],
    ['HEAD', `${base}/blobs/${digest}`],
    ['GET', `${base}/referrers/${digest}`],
    ['DELETE', `${base}/manifests/${digest}`],
    ['DELETE', `${base}/blobs/${digest}`],
    ['GET', `/api/v1/image?image=${name}@${digest}`],
  ];
}

/** Answers to both, each without what it was asked for. */
async function assertSame(server: Server, method: string, real: string, made: string, who: string) {
  const words = /hush|nope|sha256:[a-f0-9]{64}|sha256%3A[a-f0-9]{64}/g;
  const [told, expected] = await Promise.all(
    [real, made].map(async (path) => {
      const { status, text } = await ask(server, path, method);
      return { status, text: text.replaceAll(words, '…') };
    }),
  );
  assert.deepEqual(told, expected, `${who}: ${method} ${real}`);
}

test('a digest of closed content is to others as one that is nowhere', async (t) => {
  const { holdfast, digests } = await start(t);
  const nowhere = digestOf(Buffer.from('nowhere'));
  for (const [who, server] of await outsiders(holdfast)) {
    for (const digest of digests) {
      const asked = questions(OPEN, digest);
      const made = questions(OPEN, nowhere);
      for (const [at, [method, path]] of asked.entries()) {
        await assertSame(server, method, path, made[at]?.[1] ?? '', who);
      }
    }
  }
  const bob = as(holdfast, 'bob');
  for (const digest of digests) {
    const mount = `/v2/${OPEN}/blobs/uploads/?mount=${digest}`;
    for (const from of ['', `&from=${CLOSED}`, `&from=${MIRRORED}`]) {
      assert.equal(await statusOf(bob, mount + from, { method: 'POST' }), 202, from);
    }
  }
});

test('a closed repository is to others as one that is not there', async (t) => {
  const { holdfast } = await start(t);
  for (const [who, server] of await outsiders(holdfast)) {
    for (const name of [CLOSED, MIRRORED]) {
      const other = `${name.slice(0, -SECRET.length)}nope`;
      for (const route of ROUTES.filter(({ path }) => path.includes('*name'))) {
        const path = route.path
          .replace('*name', name)
          .replace('{/}', '/')
          .replace(':reference', SECRET)
          .replace(':digest', digestOf(Buffer.from('nowhere')))
          .replace(':id', '00000000-0000-4000-8000-000000000000');
        for (const asked of [path, MIRROR_PATH + path]) {
          const made = asked.replaceAll(name, other);
          await assertSame(server, route.method.toUpperCase(), asked, made, who);
        }
      }
      for (const query of ['tags?repository=', 'image?image=', 'misses?repository=']) {
        await assertSame(server, 'GET', `/api/v1/${query}${name}`, `/api/v1/${query}${other}`, who);
      }
    }
  }
});
