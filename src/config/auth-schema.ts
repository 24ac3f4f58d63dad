/** The `auth` section: accounts, and what they may do. */
import * as z from 'zod';
import { choice, expected, filePath, glob, globs, registryUrl, section } from './settings.ts';

const ACTIONS = 'a list of "pull", "push" and "delete"';

const actions = z.array(choice('pull', 'push', 'delete'), { error: expected(ACTIONS) });

const rule = section({
  match: glob().describe(
    'A glob over the repository as the catalog names it: `team/app`, `docker.io/library/alpine`; `*` stays within one part ' +
      'of the name, `**` does not. The first rule that matches counts, and nothing else.',
  ),
  grant: z
    .record(z.string(), actions, { error: expected('an object') })
    .meta({ accepts: 'an object: account, or glob over accounts → list of actions' })
    .describe(
      'Who may do what there: `"ci-*": ["pull", "push"]`. Actions are `pull`, `push` (pulls too) and `delete`. `*` is every ' +
        'account; `anonymous` is everybody, with an account or without.',
    ),
});

export const auth = section({
  htpasswd: filePath()
    .nullable()
    .prefault(null)
    .describe(
      'Accounts: a file of `NAME:BCRYPT-HASH` lines, read again when it changes; null: there are none. See accounts.md.',
    ),
  anonymous: choice('auto', 'none', 'pull', 'push')
    .prefault('auto')
    .describe(
      'What clients may do without an account; `auto`: push on a loopback address without `htpasswd`, else pull.',
    ),
  administrators: globs()
    .prefault([])
    .describe('Accounts that may do everything, also collect, pin and warm.'),
  rules: z
    .array(rule, { error: expected('a list of rules') })
    .prefault([])
    .describe(
      'Exceptions by repository. Where none matches, accounts may do everything, and everybody else what `anonymous` says.',
    ),
  realm: registryUrl()
    .nullable()
    .prefault(null)
    .describe(
      'Address of `/token` as clients reach it; null: the one by which they reached this server.',
    ),
});
