import { Accounts } from '../auth/accounts.ts';
import { Logins } from '../auth/logins.ts';
import { signingKey } from '../auth/signing-key.ts';
import { Tokens } from '../auth/tokens.ts';
import type { Clock } from '../clock.ts';
import type { ClosingSteps } from '../closing-steps.ts';
import type { Config } from '../config/config.ts';
import type { Authentication } from '../http/authenticator.ts';
import type { Logger } from '../observe/log.ts';
import { observeLogins } from '../observe/login-events.ts';
import type { Metrics } from '../observe/metrics.ts';

/** Undefined without accounts. Opened in time to be closed with the rest. */
export async function createAuthentication(
  { auth, storage }: Config,
  use: {
    readonly log: Logger;
    readonly metrics: Metrics;
    readonly clock: Clock;
    readonly closing: ClosingSteps;
  },
): Promise<Authentication | undefined> {
  if (auth.htpasswd === null) return undefined;
  const { clock, closing } = use;
  const events = observeLogins(use.log, use.metrics);
  const accounts = await Accounts.open(auth.htpasswd, events);
  closing.add(() => accounts.close());
  const logins = new Logins(accounts, clock, events);
  closing.add(() => logins.close());
  const tokens = new Tokens(await signingKey(storage.dir), accounts, clock);
  return { logins, tokens, realm: auth.realm, clock };
}
