import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Holdfast } from '../helpers/holdfast.ts';
import { ask, startMirror } from '../helpers/mirror.ts';

const LIST = '/v2/library/app/tags/list';

async function start(t: TestContext, tags: readonly string[]) {
  const mirror = await startMirror(t);
  const [first = '', ...more] = tags;
  const { manifestDigest } = mirror.upstream.addImage('library/app', first);
  for (const tag of more) mirror.upstream.setTag('library/app', tag, manifestDigest);
  return mirror;
}

interface Page {
  readonly name: string;
  readonly tags: readonly string[];
  readonly next: string | undefined;
}

async function page(holdfast: Holdfast, path: string): Promise<Page> {
  const { status, headers, body } = await ask(holdfast, path);
  assert.equal(status, 200, path);
  assert.equal(headers.get('content-type'), 'application/json');
  const list = JSON.parse(body.toString()) as { name: string; tags: string[] };
  const next = /^<(\/[^>]*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
  if (headers.has('link')) assert.ok(next !== undefined, String(headers.get('link')));
  return { ...list, next };
}

/** Follows `Link` as clients do. */
async function allPages(holdfast: Holdfast, from: string): Promise<readonly Page[]> {
  const pages: Page[] = [];
  for (let next: string | undefined = from; next !== undefined; next = pages.at(-1)?.next) {
    assert.ok(pages.length < 50, 'the pages have no end');
    pages.push(await page(holdfast, next));
  }
  return pages;
}

test("a tag list is upstream's, under the name that the client asked by", async (t) => {
  const { holdfast } = await start(t, ['1', '2', 'latest']);
  for (const name of ['app', 'library/app', 'docker.io/library/app', 'docker.io/app']) {
    const list = await page(holdfast, `/v2/${name}/tags/list`);
    assert.deepEqual(list, { name, tags: ['1', '2', 'latest'], next: undefined });
  }
});

test('the pages of a list lead back here, by the name and with the query that it was asked by', async (t) => {
  const tags = Array.from({ length: 23 }, (_, index) => `v${String(index).padStart(2, '0')}`);
  const { upstream, holdfast } = await start(t, tags);
  for (const path of [
    `${LIST}?n=5`,
    '/v2/docker.io/app/tags/list?n=5',
    '/v2/app/tags/list?ns=docker.io&n=5',
  ]) {
    const pages = await allPages(holdfast, path);
    assert.equal(pages.length, 5);
    assert.deepEqual(
      pages.flatMap((one) => one.tags),
      tags,
    );
    const base = path.replace(/\?.*/, '');
    const links = pages.slice(0, -1).map(({ next = '' }) => new URL(next, holdfast.url));
    assert.ok(links.every(({ pathname }) => pathname === base));
    const ns = path.includes('ns=') ? 'docker.io' : null;
    assert.ok(links.every(({ searchParams }) => searchParams.get('ns') === ns));
  }
  assert.ok(upstream.requests.every(({ url }) => url.startsWith('/v2/library/app/tags/list?n=5')));
});

test("upstream's own page size is followed where the client names none", async (t) => {
  const tags = Array.from({ length: 250 }, (_, index) => `v${String(index).padStart(3, '0')}`);
  const { holdfast } = await start(t, tags);
  const pages = await allPages(holdfast, LIST);
  assert.deepEqual(
    pages.flatMap((one) => one.tags),
    tags,
  );
});

test('a list may begin behind a tag, and n=0 is an empty one', async (t) => {
  const { holdfast } = await start(t, ['a', 'b', 'c', 'd']);
  assert.deepEqual((await page(holdfast, `${LIST}?last=b`)).tags, ['c', 'd']);
  assert.deepEqual((await page(holdfast, `${LIST}?n=1&last=b`)).tags, ['c']);
  assert.deepEqual((await page(holdfast, `${LIST}?n=0`)).tags, []);
});

test('n=0 is an empty list without a link also where upstream knows no n', async (t) => {
  const { upstream, holdfast } = await start(t, ['a', 'b']);
  const link = '</v2/library/app/tags/list?n=0&last=b>; rel="next"';
  const tags = { status: 200, body: '{"name":"library/app","tags":["a","b"]}', headers: { link } };
  upstream.fault({ path: /tags\/list/, ...tags });
  const empty = { name: 'library/app', tags: [], next: undefined };
  assert.deepEqual(await page(holdfast, `${LIST}?n=0`), empty);
  upstream.clearFaults();
  upstream.fault({ path: /tags\/list\?n=0/, status: 400 });
  assert.deepEqual(await page(holdfast, `${LIST}?n=0`), empty);
  assert.equal((await ask(holdfast, '/v2/library/none/tags/list?n=0')).status, 404);
});

test('an n that is no number is a 400, and upstream is not asked', async (t) => {
  const { upstream, holdfast } = await start(t, ['a']);
  for (const n of ['-1', 'ten', '1e3', '9'.repeat(30)]) {
    assert.equal((await ask(holdfast, `${LIST}?n=${n}`)).status, 400, n);
  }
  assert.deepEqual(upstream.requests, []);
});

test('while upstream fails the held tags are listed, in pages too', async (t) => {
  const { upstream, holdfast } = await start(t, ['1', '2', '3']);
  upstream.addImage('library/app', '4', { layers: [44] });
  for (const tag of ['1', '2', '3']) await ask(holdfast, `/v2/library/app/manifests/${tag}`);
  // Known from a HEAD alone: it could not be pulled, so it is not listed.
  await ask(holdfast, '/v2/library/app/manifests/4', { method: 'HEAD' });
  await upstream.stop();
  assert.deepEqual((await page(holdfast, LIST)).tags, ['1', '2', '3']);
  const pages = await allPages(holdfast, `${LIST}?n=2`);
  assert.deepEqual(
    pages.map((one) => one.tags),
    [['1', '2'], ['3']],
  );
  assert.equal((await ask(holdfast, '/v2/library/other/tags/list')).status, 502);
});

test('a repository that upstream does not know is a 404', async (t) => {
  const { holdfast } = await start(t, ['1']);
  const { status, code } = await ask(holdfast, '/v2/library/none/tags/list');
  assert.deepEqual([status, code], [404, 'NAME_UNKNOWN']);
});

test('a list that is none is a 502', async (t) => {
  const { upstream, holdfast } = await start(t, ['1']);
  upstream.fault({ status: 200, body: '<html>Sign in</html>' });
  assert.equal((await ask(holdfast, LIST)).status, 502);
});

test('upstream is asked for no longer a page than any client gets', async (t) => {
  const { upstream, holdfast } = await start(t, ['1']);
  await page(holdfast, `${LIST}?n=999999999`);
  assert.deepEqual(
    upstream.requests.map(({ url }) => url),
    [`${LIST}?n=10000`],
  );
});
