import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { startWithPage, visit } from './browser.ts';

test('an image is pinned, shown as pinned, and let go again', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  const page = await visit(t, holdfast, { at: '#/image/docker.io/library/app:1' });
  await page.getByRole('button', { name: 'Pin' }).click();
  await page.getByText('docker.io/library/app:1 is pinned.').waitFor();
  await page.getByRole('button', { name: 'Unpin' }).waitFor();
  await page.goto(`${holdfast.url}/#/repository/docker.io/library/app`);
  await page.getByRole('row').getByText('pinned').waitFor();
  await page.goto(`${holdfast.url}/#/activity`);
  await page.getByRole('button', { name: 'Unpin docker.io/library/app:1' }).click();
  await page.getByText('Nothing is pinned').waitFor();
});

test('a pattern is pinned', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  for (const tag of ['1', '2']) {
    upstream.addImage('library/app', tag);
    await pullImage(holdfast.url, 'library/app', tag);
  }
  const page = await visit(t, holdfast, { at: '#/activity' });
  const pins = page.getByRole('region', { name: 'Pins' });
  await pins.getByRole('textbox').fill('docker.io/library/*:*');
  await pins.getByRole('textbox').press('Enter');
  await pins.getByText('2 images').waitFor();
  await page.getByText('Nothing may be evicted').waitFor();
});

test('a pin of the configuration is shown as such, and cannot be taken away here', async (t) => {
  const { upstream, holdfast } = await startWithPage(t, { config: { pins: ['app:1'] } });
  upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  const page = await visit(t, holdfast, { at: '#/activity' });
  const pins = page.getByRole('region', { name: 'Pins' });
  const pin = pins.getByRole('listitem').filter({ hasText: 'docker.io/library/app:1' });
  await pin.getByText('configuration').waitFor();
  assert.equal(await pin.getByRole('button').count(), 0);
  await page.goto(`${holdfast.url}/#/image/docker.io/library/app:1`);
  const unpin = page.getByRole('button', { name: 'Unpin' });
  await unpin.waitFor();
  assert.equal(await unpin.isDisabled(), true);
});

test('refresh asks upstream and shows the new digest', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  const page = await visit(t, holdfast, { at: '#/image/docker.io/library/app:1' });
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('docker.io/library/app:1 is up to date.').waitFor();
  const { manifestDigest } = upstream.addImage('library/app', '1', { layers: [5000] });
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText(`docker.io/library/app:1 is now ${manifestDigest.slice(7, 19)}.`).waitFor();
  await page.getByText(manifestDigest).first().waitFor();
});

test('a refresh that fails says why', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  const page = await visit(t, holdfast, { at: '#/image/docker.io/library/app:1' });
  await page.getByRole('button', { name: 'Refresh' }).waitFor();
  await upstream.stop();
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.locator('.notice.bad').waitFor();
});

test('nothing is deleted before it is confirmed', async (t) => {
  const { holdfast } = await startWithPage(t);
  await pushImage(holdfast.url, 'team/app', '1', [1000]);
  const held = async (): Promise<number> =>
    (await ask(holdfast, '/v2/team/app/manifests/1', { method: 'HEAD' })).status;
  const page = await visit(t, holdfast, { at: '#/image/team/app:1' });
  const dialog = page.getByRole('dialog', { name: 'Delete team/app:1?' });

  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByText('This cannot be undone.').waitFor();
  // What does no harm has the focus.
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Cancel');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await held(), 200);

  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await held(), 200);

  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Deleted team/app:1.').waitFor();
  assert.equal(await held(), 404);
});
