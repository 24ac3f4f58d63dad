/** Globs over tags in what is fetched ahead: they stand for what upstream has then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { ask, startHoldfast, startMirror, startUpstream } from '../helpers/mirror.ts';
import { outcomes, postWarm, warm } from './warming.ts';

const ALONE = { referrers: false };

test('a glob stands for the tags of upstream that match, and only for those', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  for (const tag of ['3.9', '3.20', '3', '4.0', 'latest']) upstream.addImage('library/app', tag);
  const { lines, failed } = await warm(holdfast, ['docker.io/library/app:3.*'], [], ALONE);
  assert.equal(failed, 0);
  assert.deepEqual(outcomes(lines), {
    'docker.io/library/app:3.*': 'matched: 2 tags match',
    'docker.io/library/app:3.20': 'done',
    'docker.io/library/app:3.9': 'done',
  });
  await upstream.stop();
  for (const [tag, status] of [
    ['3.20', 200],
    ['3.9', 200],
    ['4.0', 502],
  ] as const) {
    assert.equal((await ask(holdfast, `/v2/library/app/manifests/${tag}`)).status, status, tag);
  }
});

test('an image that several entries mean is fetched once', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  for (const tag of ['1.0', '1.1']) upstream.addImage('library/app', tag);
  const { lines, failed } = await warm(
    holdfast,
    ['app:1.*', 'app:1.0', 'app:{1.0,1.1}'],
    [],
    ALONE,
  );
  assert.equal(failed, 0);
  assert.equal(lines.filter(({ state }) => state === 'done').length, 2);
  assert.equal(upstream.count('HEAD', /manifests/), 2);
});

test('all pages of tags are looked through; tags of signatures are none of an image', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest } = upstream.addImage('library/app', 'v1');
  // Before and behind the page that has what is meant.
  for (let at = 0; at < 2_500; at += 1) upstream.setTag('library/app', `n${at}`, manifestDigest);
  upstream.setTag('library/app', `sha256-${'a'.repeat(64)}.sig`, manifestDigest);
  assert.equal((await warm(holdfast, ['app:v*'], [], ALONE)).failed, 0);
  assert.equal(upstream.count('GET', /tags\/list/), 3);
  const { lines } = await warm(holdfast, ['app:s*'], [], ALONE);
  assert.deepEqual(outcomes(lines), { 'app:s*': 'failed: upstream has no tag that matches' });
});

test('of too many tags the highest are fetched, and the rest is told', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest } = upstream.addImage('library/app', '1.0');
  for (let at = 1; at < 253; at += 1) upstream.setTag('library/app', `1.${at}`, manifestDigest);
  const { lines, failed } = await warm(holdfast, ['app:1.*'], [], ALONE);
  assert.equal(failed, 1);
  const ends = outcomes(lines);
  assert.match(ends['app:1.*'] ?? '', /^failed: 253 tags match: .* 3 are left out/);
  assert.deepEqual([ends['app:1.252'], ends['app:1.3']], ['done', 'done']);
  assert.deepEqual([ends['app:1.2'], ends['app:1.0']], [undefined, undefined]);
});

test('what cannot be looked up is told as such, never as nothing', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { upstream: { deny: ['secret/**'] } });
  upstream.addImage('library/app', '1');
  await warm(holdfast, ['app:1'], [], ALONE);
  const reasons = async (...images: string[]): Promise<Record<string, string>> =>
    outcomes((await warm(holdfast, images)).lines);
  const told = await reasons('none:*', 'secret/app:*', 'app*', '*/app:1');
  assert.match(told['none:*'] ?? '', /^failed: /);
  assert.match(told['secret/app:*'] ?? '', /does not allow this repository$/);
  for (const text of ['app*', '*/app:1']) {
    assert.match(told[text] ?? '', /^failed: only the tags of one repository/, text);
  }
  await upstream.stop();
  // The tag that is held is not taken for all that there are.
  assert.match((await reasons('app:*'))['app:*'] ?? '', /^failed: (?!upstream has no tag)/);
});

test('tags are not listed while a pull limit is saved', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '9;w=21600' };
  upstream.fault({ path: /manifests/, headers });
  await warm(holdfast, ['app:1']);
  upstream.clear();
  const { lines } = await warm(holdfast, ['app:*']);
  assert.match(outcomes(lines)['app:*'] ?? '', /^failed: what is left of the pull limit/);
  assert.equal(upstream.requests.length, 0);
});

test('a list of the configuration has globs, and finds the tags that come later', async (t) => {
  const upstream = await startUpstream(t);
  upstream.addImage('library/app', '1.0');
  const holdfast = await startHoldfast(t, {
    upstreams: { 'docker.io': upstream.url },
    config: { warm: [{ images: ['app:1.*'], every: '1s', referrers: false }] },
  });
  const isHeld = async (tag: string): Promise<boolean> => {
    const path = `/api/v1/image?image=app:${tag}`;
    return (await ask(holdfast, path)).status === 200;
  };
  await eventually('the first tag is held', () => isHeld('1.0'));
  upstream.addImage('library/app', '1.1');
  await eventually('the new tag is held', () => isHeld('1.1'));
});

test('a client that leaves stops a glob as well', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  const gate = upstream.hold(/tags\/list/, 0);
  const leaving = new AbortController();
  const asking = holdfast.fetch('/api/v1/warm', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ images: ['app:*'] }),
    signal: leaving.signal,
  });
  await gate.reached;
  leaving.abort();
  await asking.then((answer) => answer.text()).catch(() => undefined);
  await eventually('it is told to the metrics', async () => {
    const text = await (await holdfast.fetch('/metrics')).text();
    return text.includes('holdfast_warm_images_total{result="failed"} 1');
  });
  gate.release();
  assert.equal((await postWarm(holdfast, { images: ['app:1'] })).status, 200);
});
