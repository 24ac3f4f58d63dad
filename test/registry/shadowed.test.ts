import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shadowWarnings } from '../../src/cli/start-warnings.ts';
import { startHoldfast, startUpstream, temporaryDirectory } from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';

test('what was pushed under a name that has become an upstream’s is told at the start', async (t) => {
  const dir = await temporaryDirectory(t);
  const before = await startHoldfast(t, { dir });
  for (const name of ['reg.corp/app', 'reg.corp/team/b', 'reg.corp', 'reg', 'reg.corp-2/app'])
    await pushImage(before.url, name, '1', [10]);
  assert.deepEqual(await before.shadowed(), []);
  await before.close();

  const upstream = await startUpstream(t);
  upstream.addImage('app', '1');
  const after = await startHoldfast(t, { dir, upstreams: { 'reg.corp': upstream.url } });
  // Mirrored ones under the same name are no news.
  await pullImage(after.url, 'reg.corp/app', '1');
  assert.deepEqual(await after.shadowed(), ['reg.corp', 'reg.corp/app', 'reg.corp/team/b']);
});

test('an alias shadows as well', async (t) => {
  const dir = await temporaryDirectory(t);
  const before = await startHoldfast(t, { dir });
  await pushImage(before.url, 'reg/app', '1', [10]);
  await before.close();
  const upstream = await startUpstream(t);
  const after = await startHoldfast(t, {
    dir,
    upstreams: { 'reg.corp': upstream.url },
    upstream: { aliases: ['reg'] },
  });
  assert.deepEqual(await after.shadowed(), ['reg/app']);
});

test('the warning names a few, and tells how they come back', () => {
  assert.deepEqual(shadowWarnings([]), []);
  const [one = ''] = shadowWarnings(['a.io/x', 'a.io/y']);
  assert.match(one, /upstream: a\.io\/x, a\.io\/y; without that upstream/);
  const many = Array.from({ length: 8 }, (_, index) => `a.io/${index}`);
  assert.match(shadowWarnings(many)[0] ?? '', /a\.io\/4 and 3 more;/);
});
