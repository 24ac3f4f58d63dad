/** end-8 and the Docker catalog: order, pages, and how they are linked. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Holdfast } from '../helpers/holdfast.ts';
import { pushBlob, pushSample, putManifest } from './pushing.ts';
import { refusal } from './refusal.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

// In byte order: digits, capitals, the low line, small letters.
const TAGS = [
  '0',
  '1.0',
  '1.10',
  '1.9',
  'A',
  'B.1',
  'Z',
  '_',
  'a',
  'a-b',
  'a.b',
  'aa',
  'b',
  'latest',
  'z',
];
const { manifest } = await pushSample(holdfast, 'org/tagged', TAGS[0]);
for (const tag of TAGS.toReversed()) await putManifest(holdfast, 'org/tagged', tag, manifest);
const untagged = await pushSample(holdfast, 'untagged', undefined);
await pushSample(holdfast, 'zz', 'v1');
await pushSample(holdfast, 'a-b', 'v1');
await pushSample(holdfast, 'a/b', 'v1');
await pushBlob(holdfast, 'only-blobs', Buffer.from('no image'));
const REPOSITORIES = ['a-b', 'a/b', 'org/tagged', 'untagged', 'zz'];

interface Page {
  readonly items: readonly string[];
  readonly next: string | undefined;
  readonly body: Record<string, unknown>;
}

async function page(path: string): Promise<Page> {
  const response = await holdfast.fetch(path);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal(response.headers.get('content-length'), String(Buffer.byteLength(text)));
  const body = JSON.parse(text) as Record<string, unknown>;
  const link = response.headers.get('link');
  const next = link === null ? undefined : /^<(\/[^>]+)>; rel="next"$/.exec(link)?.[1];
  assert.equal(next === undefined, link === null, `Link: ${link}`);
  return { items: (body['tags'] ?? body['repositories']) as string[], next, body };
}

/** Follows the links as they are. */
async function allPages(path: string): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const one: Page = await page(next);
    pages.push(one.items);
    next = one.next;
    assert.ok(pages.length < 100, 'the links end');
  }
  return pages;
}

const lists = [
  ['/v2/org/tagged/tags/list', TAGS],
  ['/v2/_catalog', REPOSITORIES],
] as const;

for (const [path, all] of lists) {
  test(`${path} is in byte order, whole, without a link`, async () => {
    const { items, next } = await page(path);
    assert.deepEqual(items, all);
    assert.equal(next, undefined);
  });

  for (const n of [1, 2, 3, 4, 7]) {
    test(`${path}?n=${n} comes in pages of ${n} that the links lead through`, async () => {
      const pages = await allPages(`${path}?n=${n}`);
      assert.deepEqual(pages.flat(), all);
      for (const one of pages.slice(0, -1)) assert.equal(one.length, n);
      assert.ok((pages.at(-1)?.length ?? 0) > 0, 'no last page is empty');
    });
  }

  for (const n of [all.length, all.length + 1, 10_000, 999_999_999]) {
    test(`${path}?n=${n} is everything and has no link`, async () => {
      const { items, next } = await page(`${path}?n=${n}`);
      assert.deepEqual([items, next], [all, undefined]);
    });
  }

  test(`${path}?n=0 is nothing and has no link`, async () => {
    for (const query of ['n=0', 'n=0&last=a', 'last=a&n=0']) {
      const { items, next } = await page(`${path}?${query}`);
      assert.deepEqual([items, next], [[], undefined]);
    }
  });

  test(`${path}?last= is exclusive, and need not exist`, async () => {
    const [first = '', second = ''] = all;
    assert.deepEqual((await page(`${path}?last=${encodeURIComponent(first)}`)).items, all.slice(1));
    assert.deepEqual((await page(`${path}?last=${first}!`)).items, all.slice(1));
    const both = await page(`${path}?n=1&last=${encodeURIComponent(first)}`);
    assert.deepEqual(both.items, [second]);
    assert.deepEqual((await page(`${path}?last=`)).items, all);
    assert.deepEqual((await page(`${path}?last=zzzz&n=5`)).items, []);
    assert.deepEqual((await page(`${path}?last=${encodeURIComponent('ä€')}`)).items, []);
  });

  for (const n of ['-1', 'x', '', '1.5', '1e3', ' 1', '0x1', '99999999999999999999', '1;drop']) {
    test(`${path}?n=${n} is refused`, async () => {
      await refusal(await holdfast.fetch(`${path}?n=${n}`), 400, 'UNSUPPORTED');
    });
  }

  test(`${path} keeps unknown parameters out of its way`, async () => {
    const { items, next } = await page(`${path}?foo=bar&n=2&account=x`);
    assert.deepEqual(items, all.slice(0, 2));
    assert.deepEqual((await page(next ?? '')).items, all.slice(2, 4));
  });
}

test('tags come under the name of their repository', async () => {
  const { body } = await page('/v2/org/tagged/tags/list');
  assert.deepEqual(Object.keys(body), ['name', 'tags']);
  assert.equal(body['name'], 'org/tagged');
});

test('a repository without tags has an empty list, not none', async () => {
  assert.deepEqual((await page('/v2/untagged/tags/list')).items, []);
});

test('a repository that has lost its last tag still answers', async () => {
  await putManifest(holdfast, 'untagged', 'brief', untagged.manifest);
  const path = '/v2/untagged/manifests/brief';
  assert.equal((await holdfast.fetch(path, { method: 'DELETE' })).status, 202);
  assert.deepEqual((await page('/v2/untagged/tags/list')).items, []);
});

test('an unknown repository has no list', async () => {
  await refusal(await holdfast.fetch('/v2/nobody/tags/list'), 404, 'NAME_UNKNOWN');
  await refusal(await holdfast.fetch('/v2/nobody/tags/list?n=0'), 404, 'NAME_UNKNOWN');
});

test('an empty registry has an empty catalog', async (t) => {
  const empty = await Holdfast.start();
  t.after(() => empty.close());
  const response = await empty.fetch('/v2/_catalog');
  assert.deepEqual(await response.json(), { repositories: [] });
});
