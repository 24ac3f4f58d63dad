import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { dockerSave, makeImage, ociArchive } from '../archive/make-image.ts';
import { makeTar } from '../archive/make-tar.ts';
import { ask, type Mirror } from '../helpers/mirror.ts';
import { startWithPage, visit } from './browser.ts';

async function startAtImages(t: TestContext): Promise<Mirror & { readonly page: Page }> {
  const mirror = await startWithPage(t);
  const page = await visit(t, mirror.holdfast, { at: '#/images' });
  await page.getByRole('button', { name: 'Import archive' }).waitFor();
  return { ...mirror, page };
}

function choose(page: Page, name: string, archive: Buffer): Promise<void> {
  const file = { name, mimeType: 'application/x-tar', buffer: archive };
  return page.getByLabel('Archives to import').setInputFiles(file);
}

test('what docker save wrote becomes a repository that can be pulled', async (t) => {
  const { page, holdfast } = await startAtImages(t);
  await choose(page, 'app.tar', makeTar(dockerSave(makeImage('app', { bytes: 3_000_000 }))));
  const imports = page.getByRole('region', { name: 'Imports' });
  await imports.getByRole('link', { name: 'team/app:1' }).click();
  await page.getByRole('heading', { name: 'team/app:1' }).waitFor();
  await page.getByText('linux/amd64').waitFor();
  assert.equal((await ask(holdfast, '/v2/team/app/manifests/1')).status, 200);
  await imports.getByRole('button', { name: 'Close app.tar' }).click();
  await imports.waitFor({ state: 'detached' });
});

test('an archive is dropped anywhere on the page', async (t) => {
  const { page } = await startAtImages(t);
  const archive = makeTar(dockerSave(makeImage('dropped'), ['team/dropped:2']));
  const dataTransfer = await page.evaluateHandle(`(() => {
    const bytes = Uint8Array.from(atob('${archive.toString('base64')}'), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], 'dropped.tar'));
    return data;
  })()`);
  await page.dispatchEvent('main', 'dragenter', { dataTransfer });
  await page.getByText('Drop a docker save or OCI archive to import it').waitFor();
  await page.dispatchEvent('main', 'dragleave', { dataTransfer });
  await page.locator('.drop-area').waitFor({ state: 'detached' });
  await page.dispatchEvent('main', 'dragenter', { dataTransfer });
  await page.dispatchEvent('main', 'drop', { dataTransfer });
  await page.locator('.drop-area').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'team/dropped:2' }).waitFor();
});

test('several archives are sent one after the other', async (t) => {
  const { page } = await startAtImages(t);
  await page.getByLabel('Archives to import').setInputFiles(
    ['one', 'two', 'three'].map((name) => ({
      name: `${name}.tar`,
      mimeType: 'application/x-tar',
      buffer: makeTar(dockerSave(makeImage(name), [`team/${name}:1`])),
    })),
  );
  for (const name of ['one', 'two', 'three']) {
    await page.getByRole('link', { name: `team/${name}:1` }).waitFor();
  }
});

test('the progress of an upload is shown, and it can be stopped', async (t) => {
  const { page, holdfast } = await startAtImages(t);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  // Slow enough to be seen, whatever the machine.
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 200_000,
  });
  await choose(page, 'big.tar', makeTar(dockerSave(makeImage('big', { bytes: 8_000_000 }))));
  const bar = page.getByRole('progressbar', { name: 'Sending big.tar' });
  await bar.waitFor();
  const value = async (): Promise<number> => Number(await bar.getAttribute('value'));
  let before = 0;
  for (let seen = 0; seen < 3;) {
    const now = await value();
    if (now > before) seen += 1;
    before = now;
  }
  await page.getByRole('button', { name: 'Stop big.tar' }).click();
  await page.getByRole('region', { name: 'Imports' }).waitFor({ state: 'detached' });
  assert.equal((await ask(holdfast, '/v2/team/app/manifests/1')).status, 404);
});

test('an archive without a name gets one', async (t) => {
  const { page } = await startAtImages(t);
  await choose(page, 'nameless.tar', makeTar(ociArchive(makeImage('nameless'), undefined)));
  const imports = page.getByRole('region', { name: 'Imports' });
  await imports.getByRole('alert').waitFor();
  await imports.getByRole('textbox', { name: 'Import nameless.tar as' }).fill('team/named:3');
  await imports.getByRole('button', { name: 'Try again' }).click();
  await imports.getByRole('link', { name: 'team/named:3' }).waitFor();
});

test('what is no archive is refused with the reason', async (t) => {
  const { page } = await startAtImages(t);
  await choose(page, 'holiday.jpg', Buffer.from('no tar at all'.repeat(1000)));
  const alert = page.getByRole('region', { name: 'Imports' }).getByRole('alert');
  await alert.waitFor();
  assert.doesNotMatch((await alert.textContent()) ?? '', /does not answer|another version/);
});

test('an administrator keeps names in full, and what refers to the images', async (t) => {
  const { page, holdfast } = await startAtImages(t);
  await page.getByRole('checkbox', { name: 'Names in full' }).check();
  await choose(page, 'app.tar', makeTar(dockerSave(makeImage('app'), ['app:1'])));
  const imports = page.getByRole('region', { name: 'Imports' });
  await imports.getByRole('link', { name: 'docker.io/library/app:1' }).waitFor();
  const { body } = await ask(holdfast, '/api/v1/repositories');
  assert.match(body.toString(), /"name":"docker.io\/library\/app","kind":"mirrored"/);
});
