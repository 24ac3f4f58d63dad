/** A Holdfast with accounts, and the ways to ask it as somebody. */
import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hashSync } from 'bcryptjs';
import * as z from 'zod';
import type { Holdfast, HoldfastOptions } from '../helpers/holdfast.ts';
import { startHoldfast, temporaryDirectory } from '../helpers/mirror.ts';
import type { Server } from '../spec/pushing.ts';

/** The least that bcrypt has: tests need no strong hashes. */
const COST = 4;

export const passwordOf = (name: string): string => `password of ${name}`;

export function htpasswdLine(name: string, password = passwordOf(name)): string {
  return `${name}:${hashSync(password, COST)}\n`;
}

/** Replaces the file in one step, as a careful tool does. */
export async function writeHtpasswd(file: string, names: readonly string[]): Promise<void> {
  await writeFile(`${file}.new`, names.map((name) => htpasswdLine(name)).join(''));
  await rename(`${file}.new`, file);
}

export interface AccountOptions extends HoldfastOptions {
  readonly accounts?: readonly string[];
  /** The rest of the section `auth`. */
  readonly auth?: object;
}

export interface WithAccounts {
  readonly holdfast: Holdfast;
  readonly htpasswd: string;
}

export async function startWithAccounts(
  t: TestContext,
  { accounts = ['alice', 'bob'], auth = {}, config, ...options }: AccountOptions = {},
): Promise<WithAccounts> {
  const htpasswd = join(await temporaryDirectory(t), 'htpasswd');
  await writeHtpasswd(htpasswd, accounts);
  const holdfast = await startHoldfast(t, {
    ...options,
    config: { ...config, auth: { htpasswd, ...auth } },
  });
  return { holdfast, htpasswd };
}

export function basic(name: string, password = passwordOf(name)): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/** The server as somebody who sends this with every request; undefined: nothing. */
export function sending(holdfast: Holdfast, authorization: string | undefined): Server {
  return {
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      if (authorization !== undefined) headers.set('Authorization', authorization);
      return holdfast.fetch(path, { ...init, headers });
    },
  };
}

/** With name and password. */
export function as(holdfast: Holdfast, name: string): Server {
  return sending(holdfast, basic(name));
}

const answer = z.object({
  token: z.string(),
  access_token: z.string(),
  expires_in: z.number(),
  issued_at: z.iso.datetime(),
});

/** A token of an account, or of nobody. */
export async function tokenFor(
  holdfast: Holdfast,
  name: string | undefined,
  ...scopes: readonly string[]
): Promise<string> {
  const query = new URLSearchParams(scopes.map((scope): [string, string] => ['scope', scope]));
  const server = name === undefined ? holdfast : as(holdfast, name);
  const response = await server.fetch(`/token?service=holdfast&${query.toString()}`);
  assert.equal(response.status, 200);
  const { token, access_token: same } = answer.parse(await response.json());
  assert.equal(same, token);
  return token;
}

/** With a token for these scopes. */
export async function withToken(
  holdfast: Holdfast,
  name: string | undefined,
  ...scopes: readonly string[]
): Promise<Server> {
  return sending(holdfast, `Bearer ${await tokenFor(holdfast, name, ...scopes)}`);
}

/** Status and challenge. */
export async function statusOf(
  server: Server,
  path: string,
  init: RequestInit = {},
): Promise<number> {
  const response = await server.fetch(path, init);
  await response.arrayBuffer();
  assert.equal(response.headers.has('www-authenticate'), response.status === 401, path);
  return response.status;
}
