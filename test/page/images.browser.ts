import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Mirror } from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { startWithPage, visit } from './browser.ts';

const MIB = 2 ** 20;

/** A mirror that holds one platform of a mirrored image with two, another one, and a hosted image. */
async function startFull(t: TestContext): Promise<Mirror> {
  const mirror = await startWithPage(t);
  const { upstream, holdfast } = mirror;
  const amd64 = upstream.addImage('library/node', undefined, {
    layers: [2 * MIB, 1000],
    config: { config: { Labels: { vendor: 'somebody' } } },
  });
  const arm64 = upstream.addImage('library/node', undefined, {
    layers: [3 * MIB],
    platform: { os: 'linux', architecture: 'arm64' },
  });
  upstream.addIndex('library/node', '22', [
    { digest: amd64.manifestDigest, platform: { os: 'linux', architecture: 'amd64' } },
    { digest: arm64.manifestDigest, platform: { os: 'linux', architecture: 'arm64' } },
  ]);
  upstream.addImage('library/redis', '7', { layers: [MIB] });
  await holdfast.fetch('/v2/library/node/manifests/22');
  await pullImage(holdfast.url, 'library/node', amd64.manifestDigest);
  await pullImage(holdfast.url, 'library/redis', '7');
  await pushImage(holdfast.url, 'team/app', '1.0', [1000]);
  return mirror;
}

test('from the list to a repository, a tag, its platforms and layers, by keyboard alone', async (t) => {
  const { holdfast } = await startFull(t);
  const page = await visit(t, holdfast, { at: '#/images' });
  const follow = async (name: string): Promise<void> => {
    await page.getByRole('link', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  await follow('docker.io/library/node');
  const heading = page.getByRole('heading', { level: 1 });
  await heading.getByText('docker.io/library/node').waitFor();
  // Reading goes on at the top of the new view.
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
  const row = page.getByRole('row').filter({ hasText: 'linux/amd64' });
  assert.match((await row.textContent()) ?? '', /22.*linux\/amd64, linux\/arm64/);
  await follow('22');
  await heading.getByText('docker.io/library/node:22').waitFor();
  await page.getByText('1 of 2 held').waitFor();
  await page.getByText('linux/arm64').waitFor();
  const layers = page.getByRole('table', { name: 'Layers, lowest first' });
  assert.equal(await layers.getByRole('row').count(), 3);
  await layers.getByText('2.10 MB').waitFor();
  await page.getByText('somebody').waitFor();
  await page
    .getByText(`docker pull 127.0.0.1:${holdfast.port}/docker.io/library/node:22`)
    .waitFor();
  await page.goBack();
  await heading.getByText('docker.io/library/node', { exact: true }).waitFor();
});

test('repositories are searched by name and kind', async (t) => {
  const { holdfast } = await startFull(t);
  const page = await visit(t, holdfast, { at: '#/images' });
  const table = page.getByRole('table', { name: 'Repositories' });
  await table.getByRole('link', { name: 'team/app' }).waitFor();
  assert.equal(await table.getByRole('link').count(), 3);
  await page.getByRole('searchbox', { name: 'Search repositories' }).fill('redis');
  await table.getByRole('link', { name: 'team/app' }).waitFor({ state: 'detached' });
  assert.equal(await table.getByRole('link').count(), 1);
  await page.getByRole('searchbox', { name: 'Search repositories' }).fill('nothing like it');
  await page.getByText('No repository matches.').waitFor();
  await page.getByRole('searchbox', { name: 'Search repositories' }).fill('');
  await page.getByRole('radio', { name: 'Hosted' }).check({ force: true });
  await table.getByRole('link', { name: 'docker.io/library/redis' }).waitFor({ state: 'detached' });
  await table.getByRole('link', { name: 'team/app' }).waitFor();
});

test('what is pulled while one looks appears by itself', async (t) => {
  const { holdfast, upstream } = await startWithPage(t);
  upstream.addImage('library/late', '1');
  const page = await visit(t, holdfast, { at: '#/images' });
  await page.getByText('Nothing is held yet.').waitFor();
  await pullImage(holdfast.url, 'library/late', '1');
  await page.getByRole('link', { name: 'docker.io/library/late' }).waitFor();
});

test('a long list goes on when asked', async (t) => {
  const { holdfast } = await startWithPage(t);
  for (let tag = 0; tag < 103; tag++) await pushImage(holdfast.url, 'team/app', `v${tag}`, [10]);
  const page = await visit(t, holdfast, { at: '#/repository/team/app' });
  const rows = page.getByRole('table', { name: 'Tags of team/app' }).getByRole('row');
  await page.getByRole('button', { name: 'Show more' }).click();
  await rows.nth(103).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Show more' }).count(), 0);
});

test('what is not here is said, with a way on', async (t) => {
  const { holdfast } = await startWithPage(t);
  const page = await visit(t, holdfast, { at: '#/image/team/none:1' });
  await page
    .getByRole('alert')
    .getByText(/^Not here:/)
    .waitFor();
  await page.goto(`${holdfast.url}/#/nowhere`);
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
});
