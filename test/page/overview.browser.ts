import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, temporaryDirectory } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { usageAnswer } from '../../src/api/activity.ts';
import { formatShare } from '../../src/page/format.ts';
import { startWithPage, visit } from './browser.ts';

const MIB = 2 ** 20;

test('a mirror that holds nothing says so', async (t) => {
  const { holdfast } = await startWithPage(t);
  const page = await visit(t, holdfast);
  await page.getByText('Nothing at the moment.').waitFor();
  await page
    .getByRole('region', { name: 'Saved' })
    .getByText('0 B', { exact: true })
    .first()
    .waitFor();
  assert.equal(await page.title(), 'Overview · Holdfast');
});

test('what was served and not fetched again is the saving', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  upstream.addImage('library/app', '1', { layers: [2 * MIB] });
  for (let pull = 0; pull < 5; pull++) await pullImage(holdfast.url, 'library/app', '1');
  const page = await visit(t, holdfast);
  const saved = page.getByRole('region', { name: 'Saved' });
  // Four of five pulls: 4 × 2 MiB, and the little of manifests and configurations.
  await saved.locator('.headline').getByText('8.39 MB').waitFor();
  const usage = usageAnswer.parse(await (await holdfast.fetch('/api/v1/usage?days=1')).json());
  const { hits, stale, requests } = usage.days[0]?.total ?? assert.fail('no day');
  await saved.getByText(formatShare(hits + stale, requests), { exact: true }).waitFor();
  // The numbers of the plot, for those who do not see it.
  await saved.getByText('Numbers of Bytes a day').click();
  const today = saved.getByRole('region', { name: 'Bytes a day, numbers' }).getByRole('row').nth(1);
  assert.match((await today.textContent()) ?? '', /10\.5 MB.*2\.10 MB/);
});

test('the period of the plots can be chosen', async (t) => {
  const { holdfast } = await startWithPage(t);
  const page = await visit(t, holdfast);
  await page.getByText('in the last 7 days').waitFor();
  await page.getByRole('radio', { name: '90 days' }).check({ force: true });
  await page.getByText('in the last 90 days').waitFor();
  await page
    .locator('.day')
    .nth(2 * 90 - 1)
    .waitFor({ state: 'attached' });
});

test('a fill is seen as it grows, and until it ends', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  const { layerDigests } = upstream.addImage('library/app', '1', { layers: [4 * MIB] });
  const path = `/v2/library/app/blobs/${layerDigests[0]}`;
  const gate = upstream.hold(/blobs/, 1 * MIB);
  const page = await visit(t, holdfast);
  const pull = ask(holdfast, path);
  const card = page.getByRole('region', { name: 'Fetching now' });
  await card.getByRole('link', { name: 'docker.io/library/app' }).waitFor();
  await card.getByText('1.05 MB of 4.19 MB · 25 %').waitFor();
  await card.getByText('1 client').waitFor();
  gate.release();
  await pull;
  await card.getByText('Nothing at the moment.').waitFor();
});

test('disk use is told against its limit', async (t) => {
  const dir = await temporaryDirectory(t);
  const { holdfast, upstream } = await startWithPage(t, {
    config: { storage: { dir, maxSize: '20MB', minFree: '1MB' } },
  });
  upstream.addImage('library/app', '1', { layers: [5_000_000] });
  await pullImage(holdfast.url, 'library/app', '1');
  const page = await visit(t, holdfast);
  const disk = page.getByRole('region', { name: 'Disk' });
  await disk.getByText('5.00 MB of 20.0 MB for mirrored images').waitFor();
  await disk.getByRole('meter', { name: 'Mirrored images, of the room for them' }).waitFor();
});

test('an upstream tells its limit, and that it fails', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  upstream.addImage('library/app', '1');
  upstream.fault({
    headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '7;w=21600' },
  });
  await pullImage(holdfast.url, 'library/app', '1');
  const page = await visit(t, holdfast);
  const card = page.getByRole('region', { name: 'Upstreams' });
  await card.getByText('7 of 100 pulls left in 6 h').waitFor();
  await card.getByText('in use').waitFor();
  await upstream.stop();
  for (let time = 0; time < 6; time++) await ask(holdfast, '/v2/library/other/manifests/1');
  await card.getByText(/^failing/).waitFor();
});

test('a server that goes away is told of, and one that comes back is shown again', async (t) => {
  const { holdfast } = await startWithPage(t);
  const page = await visit(t, holdfast);
  await page.getByText('in the last 7 days').waitFor();
  await page.route('**/api/**', (route) => route.abort());
  await page.getByText('The server does not answer.').first().waitFor();
  // What was there stays to be read.
  assert.ok(await page.getByText('in the last 7 days').isVisible());
  await page.unroute('**/api/**');
  await page.getByText('The server does not answer.').first().waitFor({ state: 'detached' });
});
