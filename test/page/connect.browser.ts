import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHoldfast } from '../helpers/mirror.ts';
import { builtPage } from './built-page.ts';
import { startWithPage, visit } from './browser.ts';

test('each client has its own text, for the address of this server, ready to be copied', async (t) => {
  const { holdfast } = await startWithPage(t);
  const page = await visit(t, holdfast, { at: '#/connect' });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const card = page.getByRole('region', { name: 'As a mirror' });
  const wanted: readonly (readonly [string, RegExp])[] = [
    ['Docker', /"registry-mirrors": \[\s*"http:\/\/127/],
    ['containerd', /\[host\."http:\/\/127/],
    ['podman', /\[\[registry\.mirror\]\]/],
    ['BuildKit', /\[registry\."docker\.io"\]/],
    ['k3s', /^mirrors:/],
  ];
  for (const [client, text] of wanted) {
    await card.getByRole('radio', { name: client }).check({ force: true });
    await card.getByRole('button', { name: 'Copy' }).click();
    await card.getByRole('button', { name: 'Copied' }).waitFor();
    const copied: unknown = await page.evaluate('navigator.clipboard.readText()');
    assert.ok(typeof copied === 'string');
    assert.match(copied, text);
    assert.match(copied, new RegExp(`127\\.0\\.0\\.1:${holdfast.port}`));
    await card.getByRole('button', { name: 'Copy', exact: true }).waitFor();
  }
});

test('a registry without upstreams is only told of as a registry', async (t) => {
  const holdfast = await startHoldfast(t, { page: await builtPage() });
  const page = await visit(t, holdfast, { at: '#/connect' });
  await page.getByRole('region', { name: 'As a registry' }).getByText('docker push').waitFor();
  assert.equal(await page.getByRole('region', { name: 'As a mirror' }).count(), 0);
});
