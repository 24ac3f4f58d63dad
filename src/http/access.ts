/** Who may do what: the one authorisation function over all methods and routes. */
import type { Asker } from '../auth/asker.ts';
import { covers, type Scope } from '../auth/scope.ts';
import type { Place } from '../oci/repository.ts';

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
  /** What the rules allow there (`account` undefined: to anybody), or undefined where none is about it. */
  readonly granted: (place: Place, account: string | undefined) => ReadonlySet<Action> | undefined;
  /** Is its content for accounts only, where no rule speaks? */
  readonly isPrivate: (place: Place) => boolean;
  /** Do the upstream's allow and deny lists let it be mirrored? */
  readonly isAllowed: (place: Place) => boolean;
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

/** What an action is about. */
export interface Subject {
  /** Undefined: nothing in particular. */
  readonly place?: Place | undefined;
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
  decide(asker: Asker, action: Action, { place, scope }: Subject = {}): Decision {
    // What anybody may, an account may too, whatever its token says.
    const anybody = this.#may(undefined, action, place);
    if (!anybody) {
      if (asker.kind === 'anonymous') return 'sign-in';
      if (!this.#may(asker.name, action, place)) return 'denied';
    }
    // Behind that: who may not pull from an upstream at all is not told what it leaves out.
    if (place && !this.#rules.isAllowed(place)) return 'not-mirrored';
    if (anybody || asker.kind === 'anonymous' || !asker.scopes || !scope) return 'allowed';
    return covers(asker.scopes, scope) ? 'allowed' : 'more-scope';
  }

  #may(account: string | undefined, action: Action, place: Place | undefined): boolean {
    const { anonymous, granted, grantedToAnybody, isPrivate, isAdministrator } = this.#rules;
    if (account !== undefined && isAdministrator(account)) return true;
    if (action === 'administer') return this.#rules.operatorsOnly;
    const anybody = ANYBODY[anonymous].includes(action);
    if (!place) return account !== undefined || anybody || grantedToAnybody.has(action);
    const actions = granted(place, account);
    if (actions) return actions.has(action);
    return account !== undefined || (anybody && !isPrivate(place));
  }
}
