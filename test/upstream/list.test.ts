import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APP, isError, makeUpstream, startFake } from './make-upstream.ts';

test('tags come page by page', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  for (const tag of ['a', 'b', 'c']) fake.addImage(APP, tag);
  const first = await upstream.tags(APP, { n: 2 });
  assert.deepEqual(first, { tags: ['a', 'b'], next: { n: 2, last: 'b' } });
  assert.deepEqual(await upstream.tags(APP, first.next ?? {}), { tags: ['c'] });
});

test('a registry that pages by a token of its own is asked by the last tag', async (t) => {
  const fake = await startFake(t);
  fake.addImage(APP, 'a');
  fake.fault({ headers: { link: '<?next_page=gAAAA>; rel="next"' } });
  assert.deepEqual(await makeUpstream(t, fake.url).tags(APP, {}), {
    tags: ['a'],
    next: { n: undefined, last: 'a' },
  });
});

for (const [body, outcome] of [
  ['{"name":"x","tags":null}', 'empty'],
  ['{"name":"x"}', 'empty'],
  ['{"tags":"latest"}', 'bad-answer'],
  ['{"tags":[1]}', 'bad-answer'],
  ['<html>', 'bad-answer'],
] as const) {
  test(`the tag list ${body} is ${outcome}`, async (t) => {
    const fake = await startFake(t);
    fake.fault({ status: 200, body });
    const asked = makeUpstream(t, fake.url).tags(APP, {});
    if (outcome === 'empty') assert.deepEqual(await asked, { tags: [] });
    else await assert.rejects(asked, isError(outcome));
  });
}

test('tags of a repository that does not exist are not found', async (t) => {
  const fake = await startFake(t);
  await assert.rejects(makeUpstream(t, fake.url).tags(APP, {}), isError('not-found'));
});

test('referrers are gathered from all pages', async (t) => {
  const fake = await startFake(t, { referrersPage: 2 });
  const subject = fake.addImage(APP, '1.0').manifestDigest;
  const expected = ['a', 'b', 'c'].map((name) => {
    const annotations = { name };
    const artifactType = 'application/example';
    return fake.addImage(APP, undefined, { subject, artifactType, annotations }).manifestDigest;
  });
  const found = await makeUpstream(t, fake.url).referrers(APP, subject);
  assert.deepEqual(
    found?.map(({ digest }) => digest),
    expected,
  );
  assert.equal(found[0]?.artifactType, 'application/example');
  assert.deepEqual(found[0]?.annotations, { name: 'a' });
  assert.equal(fake.count('GET', /referrers/), 2);
});

test('a digest without referrers has none; a registry without the API does not know', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  const { manifestDigest } = fake.addImage(APP, '1.0');
  assert.deepEqual(await upstream.referrers(APP, manifestDigest), []);
  fake.referrersApi = false;
  assert.equal(await upstream.referrers(APP, manifestDigest), undefined);
});

test('pages of referrers that never end are a bad answer', async (t) => {
  const fake = await startFake(t);
  const { manifestDigest } = fake.addImage(APP, '1.0');
  fake.fault({ headers: { link: '<?page=again>; rel="next"' } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.referrers(APP, manifestDigest), isError('bad-answer', /pages/));
});

test('pages of referrers are not followed to another host', async (t) => {
  const fake = await startFake(t);
  const other = await startFake(t);
  const { manifestDigest } = fake.addImage(APP, '1.0');
  fake.fault({ headers: { link: `<${other.url}/v2/>; rel="next"` } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.referrers(APP, manifestDigest), isError('bad-answer', /pages/));
  assert.equal(other.requests.length, 0);
});

test('referrers that are no descriptors are a bad answer', async (t) => {
  const fake = await startFake(t);
  const { manifestDigest } = fake.addImage(APP, '1.0');
  fake.fault({ status: 200, body: '{"manifests":[{"digest":"sha256:short"}]}' });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.referrers(APP, manifestDigest), isError('bad-answer'));
});
