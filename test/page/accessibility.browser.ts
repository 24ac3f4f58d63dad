/** axe's rules (WCAG 2.2 A and AA, and its best practices) over every view, in both schemes, wide and narrow. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import * as z from 'zod';
import { startWithAccounts } from '../auth/signing-in.ts';
import { eventually } from '../helpers/eventually.ts';
import { ask } from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { builtPage } from './built-page.ts';
import { DESKTOP, PHONE, startWithPage, visit } from './browser.ts';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const results = z.object({
  violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
});

async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const { violations: found } = results.parse(await page.evaluate('axe.run()'));
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

const VIEWS = [
  '#/',
  '#/images',
  '#/repository/docker.io/library/app',
  '#/image/docker.io/library/app:1',
  '#/activity',
  '#/connect',
];

for (const scheme of ['light', 'dark'] as const) {
  for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    test(`every view is accessible, ${scheme}, ${size}`, async (t) => {
      const { holdfast, upstream } = await startWithPage(t);
      upstream.addImage('library/app', '1', { layers: [100_000, 2000] });
      await pullImage(holdfast.url, 'library/app', '1');
      await pushImage(holdfast.url, 'team/app', '1', [1000]);
      await ask(holdfast, '/v2/library/none/manifests/1');
      const page = await visit(t, holdfast, { scheme, viewport });
      for (const at of VIEWS) {
        await page.goto(`${holdfast.url}/${at}`);
        await eventually(`${at} is loaded`, async () => {
          const [bones, headings] = [
            page.locator('.bone'),
            page.getByRole('heading', { level: 1 }),
          ];
          return (await bones.count()) === 0 && (await headings.count()) === 1;
        });
        assert.deepEqual(await violations(page), [], at);
        const beyond = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.equal(beyond, 0, `${at} is wider than the window`);
      }
      await page.goto(`${holdfast.url}/#/image/docker.io/library/app:1`);
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await violations(page), [], 'the dialog');
    });
  }
}

test('so are the sign-in, an empty mirror, and an import that has failed', async (t) => {
  const page = await builtPage();
  const { holdfast } = await startWithAccounts(t, { auth: { anonymous: 'none' }, page });
  const atSignIn = await visit(t, holdfast);
  await atSignIn.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(await violations(atSignIn), [], 'the sign-in');

  const { holdfast: empty } = await startWithPage(t);
  const atImages = await visit(t, empty, { at: '#/images' });
  await atImages.getByText('Nothing is held yet.').waitFor();
  await atImages
    .getByLabel('Archives to import')
    .setInputFiles({ name: 'bad.tar', mimeType: '', buffer: Buffer.from('no tar') });
  await atImages.getByRole('alert').waitFor();
  assert.deepEqual(await violations(atImages), [], 'an empty mirror');
});
