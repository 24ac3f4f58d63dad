import type { AccountEvents } from '../auth/accounts.ts';
import type { LoginEvents } from '../auth/logins.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Tells the log and the metrics of accounts. */
export function observeLogins(log: Logger, metrics: Metrics): AccountEvents & LoginEvents {
  return {
    accountsReloaded: (accounts) => log.info({ accounts }, 'accounts reloaded'),
    accountsBroken: (problems) =>
      log.error({ problems }, 'auth.htpasswd is broken, the accounts read before stay in use'),
    loginFailed: ({ account, address, slowed }) => {
      metrics.loginFailed(slowed ? 'slowed' : 'wrong');
      // Whoever goes on guessing must not fill the log, too.
      if (!slowed) log.warn({ account, remoteAddress: address }, 'login failed');
    },
  };
}
