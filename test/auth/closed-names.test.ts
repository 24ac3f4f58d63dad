/** Lists look to who asks as if what is closed to him were not there at all: not one page and no position tells of it. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { repositoriesAnswer } from '../../src/api/repositories.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { indexOf, putManifest, type Server } from '../spec/pushing.ts';
import { as, startWithAccounts } from './signing-in.ts';

const OPEN = ['a/open', 'm/open', 'z/open'];
/** More than any answer looks at in one go. */
const CLOSED = Array.from({ length: 250 }, (_, at) => `m/closed-${String(at).padStart(3, '0')}`);

async function start(t: TestContext, names: readonly string[]): Promise<Holdfast> {
  const rules = [{ match: 'm/closed-*', grant: { alice: ['push'] } }];
  const { holdfast } = await startWithAccounts(t, { auth: { rules } });
  const alice = as(holdfast, 'alice');
  for (const name of names) {
    const put = await putManifest(alice, name, 'v1', indexOf([]), MediaType.ociIndex);
    assert.equal(put.status, 201);
    await put.arrayBuffer();
  }
  return holdfast;
}

const LAST = ['', 'a/open', 'm/closed', 'm/closed-100', 'm/closed-249', 'm/open', 'z/open'];
const COUNTS = ['', '1', '2', '3', '100'];
const SEARCHES = ['', 'open', 'closed', 'm/', 'closed-249'];

function queriesOf(values: Readonly<Record<string, readonly string[]>>): readonly string[] {
  let queries: readonly (readonly (readonly [string, string])[])[] = [[]];
  for (const [key, all] of Object.entries(values)) {
    queries = queries.flatMap((query) => all.map((value) => [...query, [key, value] as const]));
  }
  return queries.map((query) => {
    const stated = query.filter(([, value]) => value !== '');
    return new URLSearchParams(Object.fromEntries(stated)).toString();
  });
}

/** What is told of names, and where it goes on. */
async function catalogPage(server: Server, query: string) {
  const response = await server.fetch(`/v2/_catalog?${query}`);
  assert.equal(response.status, 200);
  return { link: response.headers.get('link'), body: await response.json() };
}

async function repositoriesPage(server: Server, query: string) {
  const response = await server.fetch(`/api/v1/repositories?${query}`);
  const { repositories, next } = repositoriesAnswer.parse(await response.json());
  return { names: repositories.map(({ name }) => name), next };
}

test('pages of a list do not depend on what is closed', async (t) => {
  const full = await start(t, [...OPEN, ...CLOSED]);
  const bare = await start(t, OPEN);
  for (const who of [(one: Holdfast) => one, (one: Holdfast) => as(one, 'bob')]) {
    for (const query of queriesOf({ n: COUNTS, last: LAST })) {
      const expected = await catalogPage(who(bare), query);
      assert.deepEqual(await catalogPage(who(full), query), expected, query);
    }
    for (const query of queriesOf({ n: COUNTS, last: LAST, search: SEARCHES })) {
      const expected = await repositoriesPage(who(bare), query);
      assert.deepEqual(await repositoriesPage(who(full), query), expected, query);
    }
  }
});

test('who may see all of them gets all of them, page by page', async (t) => {
  const names = [...OPEN, ...CLOSED].toSorted();
  const alice = as(await start(t, names), 'alice');
  const listed: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const page = await repositoriesPage(
      alice,
      new URLSearchParams({ n: '30', last: next }).toString(),
    );
    listed.push(...page.names);
    next = page.next;
  }
  assert.deepEqual(listed, names);
  let path: string | undefined = '/v2/_catalog?n=30';
  const catalog: string[] = [];
  while (path !== undefined) {
    const response = await alice.fetch(path);
    catalog.push(...((await response.json()) as { repositories: string[] }).repositories);
    path = /^<([^>]+)>/.exec(response.headers.get('link') ?? '')?.[1];
  }
  assert.deepEqual(catalog, names);
});
