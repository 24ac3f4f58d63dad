import { test } from 'node:test';
import { ask } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { startWithPage, visit } from './browser.ts';

test('each miss has its reason', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  await ask(holdfast, '/v2/library/none/manifests/1');
  const page = await visit(t, holdfast, { at: '#/activity' });
  const rows = page.getByRole('region', { name: 'Recent misses' }).getByRole('row');
  await rows
    .filter({ hasText: 'docker.io/library/app:1' })
    .getByText('first pull')
    .first()
    .waitFor();
  await rows.filter({ hasText: 'library/none' }).getByText('upstream does not have it').waitFor();
});

test('what was not used for longest is the next to go', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  for (const name of ['old', 'new']) {
    upstream.addImage(`library/${name}`, '1', { layers: [1_000_000] });
    await pullImage(holdfast.url, `library/${name}`, '1');
    holdfast.clock.advance(3_600_000);
  }
  await pullImage(holdfast.url, 'library/new', '1');
  const page = await visit(t, holdfast, { at: '#/activity' });
  const rows = page.getByRole('table', { name: /^Next to be evicted/ }).getByRole('row');
  await rows.nth(1).getByText('docker.io/library/old').waitFor();
  await rows.nth(1).getByText('1.00 MB').waitFor();
  await rows.nth(2).getByText('docker.io/library/new').waitFor();
});
