/** Who may do what: the one authorisation function over all methods and routes. */
import type { Asker } from '../auth/asker.ts';
import { covers, type Scope } from '../auth/scope.ts';
import type { Repository } from '../oci/repository.ts';

/** `administer`: what concerns the server as a whole, such as collecting, pinning, warming. */
export type Action = 'pull' | 'push' | 'delete' | 'administer';

/** What is not about one repository, by the name that tokens know it by. */
export type Resource = 'catalog' | 'api';

export interface AccessRules {
  /** Can anybody sign in at all? */
  readonly accounts: boolean;
  /** What somebody without an account may do where no rule speaks. */
  readonly anonymous: 'none' | 'pull' | 'push';
  /** What the rules let somebody without an account do in any repository at all. */
  readonly grantedToAnybody: ReadonlySet<Action>;
  /** Whoever connects is the operator: there are no accounts, and only users of this machine can connect. */
  readonly operatorsOnly: boolean;
  readonly pushEnabled: boolean;
  readonly deleteEnabled: boolean;
  readonly isAdministrator: (account: string) => boolean;
  /** What the rules allow in this repository (`account` undefined: to anybody), or undefined where none is about it. */
  readonly granted: (
    repository: Repository,
    account: string | undefined,
  ) => ReadonlySet<Action> | undefined;
  /** Is content of this repository for accounts only, where no rule speaks? */
  readonly isPrivate: (repository: Repository) => boolean;
  /** Do the upstream's allow and deny lists let this repository be mirrored? */
  readonly isAllowed: (repository: Repository) => boolean;
}

export type Decision =
  | 'allowed'
  /** The upstream's lists leave the repository out, for everybody. */
  | 'not-mirrored'
  /** Not for somebody without an account. */
  | 'sign-in'
  /** The account may, but its token is not good for it. */
  | 'more-scope'
  /** Not for this account. */
  | 'denied';

/** What an action is about: a repository, or nothing in particular. */
export interface Subject {
  readonly repository?: Repository | undefined;
  /** What a token has to be good for; undefined: any token will do. */
  readonly scope?: Scope | undefined;
}

const ANYBODY: Readonly<Record<AccessRules['anonymous'], readonly Action[]>> = {
  none: [],
  pull: ['pull'],
  push: ['pull', 'push', 'delete'],
};

export class Access {
  readonly #rules: AccessRules;

  constructor(rules: AccessRules) {
    this.#rules = rules;
  }

  get accounts(): boolean {
    return this.#rules.accounts;
  }

  /** Is whoever connects trusted, because only users of this machine can? */
  get operatorsOnly(): boolean {
    return this.#rules.operatorsOnly;
  }

  /** Does this server do such things at all, for whomever? */
  isTurnedOn(action: Action): boolean {
    const { pushEnabled, deleteEnabled } = this.#rules;
    switch (action) {
      case 'pull':
      case 'administer':
        return true;
      case 'push':
        return pushEnabled;
      case 'delete':
        return pushEnabled && deleteEnabled;
    }
  }

  /** The authorisation function. */
  decide(asker: Asker, action: Action, { repository, scope }: Subject = {}): Decision {
    if (repository && !this.#rules.isAllowed(repository)) return 'not-mirrored';
    // What anybody may, an account may too, whatever its token says.
    if (this.#may(undefined, action, repository)) return 'allowed';
    if (asker.kind === 'anonymous') return 'sign-in';
    if (!this.#may(asker.name, action, repository)) return 'denied';
    const covered = !asker.scopes || !scope || covers(asker.scopes, scope);
    return covered ? 'allowed' : 'more-scope';
  }

  #may(account: string | undefined, action: Action, repository: Repository | undefined): boolean {
    const { anonymous, granted, grantedToAnybody, isPrivate, isAdministrator } = this.#rules;
    if (account !== undefined && isAdministrator(account)) return true;
    if (action === 'administer') return this.#rules.operatorsOnly;
    const anybody = ANYBODY[anonymous].includes(action);
    if (!repository) return account !== undefined || anybody || grantedToAnybody.has(action);
    const actions = granted(repository, account);
    if (actions) return actions.has(action);
    return account !== undefined || (anybody && !isPrivate(repository));
  }
}
