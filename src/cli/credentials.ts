import { ConfigurationError } from '../config/configuration-error.ts';
import { askPassword } from './ask-password.ts';
import type { Terminal } from './terminal.ts';

/**
 * The `Authorization` header of who asks: the account that `--user` names, else the one of the environment; undefined:
 * nobody in particular. Asks for a password that is not stated anywhere.
 * @throws ConfigurationError where there is nobody to ask
 */
export async function authorization(
  user: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  const { HOLDFAST_USER: name = '', HOLDFAST_TOKEN: token = '' } = terminal.environment;
  if (user === undefined && token !== '') return `Bearer ${token}`;
  const account = user ?? name;
  return account === '' ? undefined : basic(account, terminal);
}

/** RFC 7617: the name has no colon, the password may have some. */
async function basic(account: string, terminal: Terminal): Promise<string> {
  const colon = account.indexOf(':');
  const pair = colon >= 0 ? account : `${account}:${await password(account, terminal)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

async function password(name: string, terminal: Terminal): Promise<string> {
  const stated = terminal.environment['HOLDFAST_PASSWORD'] ?? '';
  if (stated !== '') return stated;
  if (terminal.input.isTTY === true) return askPassword(`Password of ${name}: `, terminal);
  throw new ConfigurationError([
    `HOLDFAST_PASSWORD: is not set, so the password of ${name} is not known`,
  ]);
}
