import { hash, truncates } from 'bcryptjs';
import type { Command } from 'commander';
import { askPassword } from './ask-password.ts';
import { readFirstLine } from './read-first-line.ts';
import type { Terminal } from './terminal.ts';

/** 2¹² rounds, about a quarter of a second: what a guess costs whoever has got the file. */
const COST = 12;

export function addPasswd(program: Command, terminal: Terminal): void {
  program
    .command('passwd')
    .summary('print an htpasswd line for an account')
    .description(
      'Prints the line of an htpasswd file (bcrypt) for an account, for the file that auth.htpasswd names. ' +
        'The password is asked for twice on a terminal; elsewhere it is the first line of stdin.',
    )
    .argument('<user>', 'name of the account')
    .addHelpText('after', EXAMPLES)
    .action(async (user: string) => {
      requireName(user);
      const password = await readPassword(user, terminal);
      requirePassword(password);
      terminal.out(`${user}:${await hash(password, COST)}\n`);
    });
}

const EXAMPLES = `
Examples:
  holdfast passwd alice >> users.htpasswd          asks for the password
  pass ci/holdfast | holdfast passwd ci >> users.htpasswd
`;

async function readPassword(user: string, terminal: Terminal): Promise<string> {
  if (terminal.input.isTTY !== true) return readFirstLine(terminal.input);
  const password = await askPassword(`New password of ${user}: `, terminal);
  requirePassword(password);
  if ((await askPassword('Once more: ', terminal)) === password) return password;
  throw new Error('the two passwords are not the same');
}

/** RFC 7617 ends the name at the first colon, and htpasswd files at the end of the line. */
function requireName(user: string): void {
  if (!/^[^\s:\p{Cc}]{1,255}$/u.test(user))
    throw new Error(`${JSON.stringify(user)} cannot be a name: it takes no colon and no space`);
}

/** Bcrypt looks at the first 72 bytes alone: the rest of a longer password would not count. */
function requirePassword(password: string): void {
  if (password === '') throw new Error('the password is empty');
  if (truncates(password)) throw new Error('the password is longer than 72 bytes');
}
