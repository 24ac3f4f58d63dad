import type { Asker } from '../auth/asker.ts';
import { OciError } from '../oci/error-codes.ts';
import { displayName, type Place, type Repository } from '../oci/repository.ts';
import type { Access, Action, Decision, Resource } from './access.ts';
import { basicChallenge, bearerChallenge, wantedScope } from './challenge.ts';

export interface Visit {
  readonly asker: Asker;
  /** Where the request came in: the mirror never asks anybody to sign in. */
  readonly entrance: 'registry' | 'mirror';
  /** The name in the path, as the client spells it. */
  readonly name: string | undefined;
  /** Where tokens are had; not worth finding out for who is let in. */
  readonly realm: () => string;
}

/** What one request may do. */
export class Permissions {
  readonly #access: Access;
  readonly #visit: Visit;

  constructor(access: Access, visit: Visit) {
    this.#access = access;
    this.#visit = visit;
  }

  /** The name of the account that asks, if any. */
  get account(): string | undefined {
    const { asker } = this.#visit;
    return asker.kind === 'account' ? asker.name : undefined;
  }

  /** May it be told of to who asks? What a token has to be good for is the list, not each entry of it. */
  canSee(place: Place): boolean {
    return this.#access.decide(this.#visit.asker, 'pull', { place }) === 'allowed';
  }

  /** Whether such things may be done somewhere: for what is offered, not for what is let through. */
  can(action: Action): boolean {
    return (
      this.#access.isTurnedOn(action) &&
      this.#access.decide(this.#visit.asker, action) === 'allowed'
    );
  }

  /** @param name - the repository as the client spells it, where that is not in the path */
  may(action: Action, repository: Repository, name?: string): boolean {
    return this.#decide(action, repository, name) === 'allowed';
  }

  /** Throws what the client is to be told, unless it may. */
  require(action: Action, repository: Repository): void {
    const decision = this.#decide(action, repository);
    if (decision !== 'allowed') throw this.#refusal(decision, action, repository);
  }

  /** The same for what is not about one repository. A token that is not good for the resource has made nobody of who asks. */
  requireAny(action: Action, resource?: Resource): void {
    const decision = this.#access.decide(this.#visit.asker, action);
    if (decision === 'allowed') return;
    throw this.#refusal(decision, action, undefined, resource);
  }

  /** Throws a challenge at somebody who has shown neither password nor token: clients send them nowhere else. */
  requireKnown(): void {
    const { asker, entrance } = this.#visit;
    const shown = asker.kind === 'account' || asker.hasToken;
    if (shown || entrance === 'mirror' || !this.#access.accounts) return;
    throw this.#signIn();
  }

  #decide(action: Action, repository: Repository, name = this.#visit.name): Decision {
    const { asker } = this.#visit;
    return this.#access.decide(asker, action, {
      place: repository,
      scope: { type: 'repository', name: name ?? displayName(repository), actions: [action] },
    });
  }

  #refusal(
    decision: Exclude<Decision, 'allowed'>,
    action: Action,
    repository?: Repository,
    resource?: Resource,
  ): OciError {
    // As it was spelled: another name of an upstream must not tell its own.
    const what = repository && (this.#visit.name ?? displayName(repository));
    const detail = what === undefined ? undefined : { name: what };
    switch (decision) {
      case 'not-mirrored':
        return new OciError('DENIED', {
          message: 'the configuration of this mirror does not allow this repository',
          detail,
        });
      case 'denied':
        return new OciError('DENIED', {
          message: `${this.account ?? 'anonymous'} may not ${action}${what === undefined ? '' : ` ${what}`}`,
          detail,
        });
      case 'more-scope':
        return this.#signIn(wantedScope(action, this.#visit.name, resource), 'insufficient_scope');
      case 'sign-in':
        return this.#notForAnybody(action, repository, resource);
    }
  }

  #notForAnybody(action: Action, repository?: Repository, resource?: Resource): OciError {
    if (this.#visit.entrance === 'mirror') {
      return new OciError('NAME_UNKNOWN', { message: 'not for pulls without an account' });
    }
    if (this.#access.accounts) {
      const error = this.#visit.asker.kind === 'anonymous' && this.#visit.asker.hasToken;
      return this.#signIn(
        wantedScope(action, this.#visit.name, resource),
        error ? 'insufficient_scope' : undefined,
      );
    }
    // Nobody can sign in. A challenge would only make clients send what they have for somebody else.
    if (this.#access.decide(this.#visit.asker, 'pull') !== 'allowed') return basicChallenge();
    // What is private does not even exist for others.
    if (action === 'pull' && repository) return new OciError('NAME_UNKNOWN');
    return new OciError('DENIED', { message: `anonymous ${action} is not allowed here` });
  }

  #signIn(scope?: string, error?: 'insufficient_scope'): OciError {
    return bearerChallenge({ realm: this.#visit.realm(), scope, error });
  }
}
