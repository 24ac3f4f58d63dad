/** What the mirror saved, and why it had to go upstream. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { startStocked } from './commands.ts';

interface Stats {
  readonly status: { readonly storage: { readonly mirroredBytes: number } };
  readonly upstreams: readonly { readonly name: string }[];
  readonly fills: readonly unknown[];
  readonly days: readonly unknown[];
  readonly total: Readonly<
    Record<'requests' | 'hits' | 'misses' | 'bytesServed' | 'bytesFetched' | 'bytesSaved', number>
  >;
}

test('stats tells what was served, fetched and saved, and how store and upstreams are', async (t) => {
  const { upstream, pull, does, tells } = await startStocked(t);
  assert.match(await does('stats'), /\nNothing was asked for\.\n$/);
  upstream.addImage('library/alpine', '3', { layers: [300_000, 200_000] });
  const { bytes } = await pull('library/alpine', '3');
  for (let again = 0; again < 3; again++) await pull('library/alpine', '3');
  const stats = (): Promise<Stats> => tells('stats', '--days', '3');
  await eventually('all is counted', async () => (await stats()).total.bytesServed >= bytes * 4);
  const { status, upstreams, days, fills, total } = await stats();
  assert.ok(status.storage.mirroredBytes >= 500_000);
  assert.deepEqual(
    upstreams.map(({ name }) => name),
    ['docker.io'],
  );
  assert.deepEqual([days.length, fills], [3, []]);
  assert.equal(total.bytesFetched, bytes);
  assert.equal(total.bytesSaved, total.bytesServed - total.bytesFetched);
  assert.equal(total.hits + total.misses, total.requests);
  const shown = await does('stats');
  assert.match(shown, /^Holdfast \S+ at http:\/\/127\.0\.0\.1:\d+, up for \d+s\n/);
  assert.match(shown, / {2}mirrored +\d+ kB of 50\.0 GB \(0%\)\n/);
  assert.match(shown, /^docker\.io +well/m);
  assert.match(shown, /^in all +\d+ +\d+ +\d+ +0 +2\.00 MB +50\d kB +1\.50 MB$/m);
  assert.match(
    shown,
    /% of \d+ requests were served from the store; 1\.50 MB \(7\d% of what was served\)/,
  );
  assert.equal(shown.match(/^\d{4}-\d\d-\d\d /gm)?.length, 7);
});

test('stats tells of an upstream that fails', async (t) => {
  const { upstream, holdfast, does } = await startStocked(t);
  await upstream.stop();
  await holdfast.fetch('/v2/library/alpine/manifests/3');
  assert.match(await does('stats'), /^docker\.io +(well|not asked for \d+s) +\d+s ago: .+$/m);
});

test('misses tells why each pull had to go upstream, newest first', async (t) => {
  const { upstream, pull, holdfast, does, tells } = await startStocked(t);
  assert.equal(await does('misses'), 'no misses\n');
  const first = upstream.addImage('library/alpine', '3', { layers: [10] });
  await pull('library/alpine', '3');
  await does('rm', `alpine@${first.manifestDigest}`);
  await pull('library/alpine', '3');
  await holdfast.fetch('/v2/library/none/manifests/1');
  upstream.addImage('library/alpine', '3', { layers: [11] });
  holdfast.clock.advance(600_000);
  await pull('library/alpine', '3');
  const { misses } = await tells<{
    misses: { repository: string; reference: string; reason: string }[];
  }>('misses');
  const reasons = misses
    .filter(({ reference }) => !reference.includes(':'))
    .map(({ repository, reference, reason }) => `${repository}:${reference} ${reason}`);
  assert.deepEqual(reasons, [
    'docker.io/library/alpine:3 tag-moved',
    'docker.io/library/none:1 not-found-upstream',
    'docker.io/library/alpine:3 deleted',
    'docker.io/library/alpine:3 first-pull',
  ]);
  const shown = await does('misses', 'alpine');
  assert.match(shown, /^WHEN +WHAT +WHY\n/);
  assert.match(
    shown,
    /^\d+s ago +docker\.io\/library\/alpine:3 +upstream gave the tag a new digest/m,
  );
  assert.match(shown, /^\d+\w ago +docker\.io\/library\/alpine:3 +deleted \d+\w ago/m);
  assert.match(
    shown,
    /^\d+\w ago +docker\.io\/library\/alpine \(blob sha256:[\da-f]{12}\) +never pulled/m,
  );
  assert.doesNotMatch(shown, /none/);
  assert.equal((await does('misses', '-n', '1')).trim().split('\n').length, 2);
});
