/** What the configuration says about who may do what. */
import picomatch from 'picomatch';
import { displayName, type Place } from '../oci/repository.ts';
import { anonymousAccess, isLocalOnly } from './anonymous-access.ts';
import type { AccessRule, Config, RepositoryAction } from './config.ts';
import { ANONYMOUS } from './htpasswd.ts';
import { isAllowed, matcher } from './repository-globs.ts';

interface Grant {
  readonly isFor: (account: string | undefined) => boolean;
  readonly actions: readonly RepositoryAction[];
}

interface CompiledRule {
  readonly isAbout: (repository: string) => boolean;
  readonly grants: readonly Grant[];
}

/** The rules as functions, for the one place that decides. */
export function accessRules(config: Config) {
  const { auth, push, upstreams } = config;
  const accounts = auth.htpasswd !== null;
  // Where only this machine can connect and there are no accounts, whoever does is the operator.
  const operatorsOnly = isLocalOnly(config.listen) && !accounts;
  const rules = auth.rules.map(compile);
  const administrators = picomatch([...auth.administrators], ACCOUNT_OPTIONS);
  return {
    accounts,
    anonymous: anonymousAccess(config),
    operatorsOnly,
    pushEnabled: push.enabled,
    deleteEnabled: push.delete,
    grantedToAnybody: new Set(rules.flatMap((rule) => [...granted(rule, undefined)])),
    isAdministrator: (account: string) => auth.administrators.length > 0 && administrators(account),
    granted: (place: Place, account: string | undefined) => {
      if (rules.length === 0) return undefined;
      const name = nameOf(place);
      const rule = rules.find(({ isAbout }) => isAbout(name));
      return rule && granted(rule, account);
    },
    // What is still told of an upstream that is configured no more is for accounts.
    isPrivate: (place: Place) =>
      !operatorsOnly && place.kind !== 'hosted' && upstreams[place.upstream]?.private !== false,
    isAllowed: (place: Place) => {
      if (place.kind !== 'mirrored') return true;
      const upstream = upstreams[place.upstream];
      return upstream !== undefined && isAllowed(upstream, place.name);
    },
  };
}

/** What rules match. No repository is called `*`, so that only rules about all of an upstream match that. */
function nameOf(place: Place): string {
  return place.kind === 'upstream' ? `${place.upstream}/*/*` : displayName(place);
}

function granted(rule: CompiledRule, account: string | undefined): ReadonlySet<RepositoryAction> {
  const actions = new Set(
    rule.grants.filter(({ isFor }) => isFor(account)).flatMap((grant) => grant.actions),
  );
  // A client that pushes looks first what is there.
  if (actions.has('push')) actions.add('pull');
  return actions;
}

/** Names of accounts have no parts: `*` matches all of `team/bot` and `.bot`. */
const ACCOUNT_OPTIONS = { dot: true, nonegate: true, bash: true };

function compile({ match, grant }: AccessRule): CompiledRule {
  return {
    isAbout: matcher([match]),
    grants: Object.entries(grant).map(([accounts, actions]) => ({
      actions,
      isFor: accounts === ANONYMOUS ? () => true : forAccounts(accounts),
    })),
  };
}

function forAccounts(glob: string): Grant['isFor'] {
  const matches = picomatch(glob, ACCOUNT_OPTIONS);
  return (account) => account !== undefined && matches(account);
}
