import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { as, passwordOf, startWithAccounts } from '../auth/signing-in.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { visit } from './browser.ts';
import { builtPage } from './built-page.ts';

async function start(t: TestContext, auth: object): Promise<Holdfast> {
  const page = await builtPage();
  const { holdfast } = await startWithAccounts(t, { accounts: ['alice', 'bob'], auth, page });
  return holdfast;
}

async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('User').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByLabel('Password').press('Enter');
}

test('who may pull nothing without an account is asked to sign in, and sees all after it', async (t) => {
  const holdfast = await start(t, { anonymous: 'none', administrators: ['alice'] });
  const page = await visit(t, holdfast);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await signIn(page, 'alice', 'wrong');
  await page.getByText('Wrong user name or password.').waitFor();
  await signIn(page, 'alice', passwordOf('alice'));
  await page.getByRole('region', { name: 'Disk' }).waitFor();
  await page.getByText('alice').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('the password is not kept beyond the page', async (t) => {
  const holdfast = await start(t, { anonymous: 'none' });
  const page = await visit(t, holdfast);
  await signIn(page, 'bob', passwordOf('bob'));
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  assert.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0);
  assert.deepEqual(await page.context().cookies(), []);
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('what one may not do is not offered', async (t) => {
  const holdfast = await start(t, { anonymous: 'pull', administrators: ['alice'] });
  const put = await as(holdfast, 'alice').fetch('/v2/team/app/manifests/1', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/vnd.oci.image.index.v1+json' },
    body: JSON.stringify({ schemaVersion: 2, manifests: [] }),
  });
  assert.equal(put.status, 201, await put.text());
  const page = await visit(t, holdfast, { at: '#/image/team/app:1' });
  await page.getByText('team/app:1', { exact: true }).first().waitFor();
  await page.getByRole('region', { name: 'Image' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Delete' }).count(), 0);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await signIn(page, 'alice', passwordOf('alice'));
  await page.getByRole('button', { name: 'Delete' }).waitFor();
});
