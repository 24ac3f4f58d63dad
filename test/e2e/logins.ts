import { hashSync } from 'bcryptjs';

export interface Login {
  readonly name: string;
  readonly password: string;
}

/** Of the server that is tried. */
export const ACCOUNTS = { alice: { name: 'alice', password: 'the-password-of-alice' } } as const;

/** For another registry. Nobody here has any use for it. */
export const HUB: Login = { name: 'somebody-of-the-hub', password: 'a-secret-of-the-hub' };

/** The least that bcrypt has: nothing here is worth guessing. */
const COST = 4;

export const htpasswd = (): string =>
  Object.values(ACCOUNTS)
    .map(({ name, password }) => `${name}:${hashSync(password, COST)}\n`)
    .join('');

/** What Alice pushes is hers alone. */
export const RULES = [{ match: 'team/**', grant: { alice: ['push', 'delete'] } }];
