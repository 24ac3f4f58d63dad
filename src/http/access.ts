/** Who may do what: the one authorisation function over all methods and routes. */
import { OciError } from '../oci/error-codes.ts';
import { displayName, type Repository } from '../oci/repository.ts';

export type Action = 'pull' | 'push' | 'delete';

export interface AccessRules {
  /** What somebody without an account may do. */
  readonly anonymous: 'none' | 'pull' | 'push';
  readonly pushEnabled: boolean;
  readonly deleteEnabled: boolean;
  /** May content of this repository be shown to somebody without an account? */
  readonly isPublic: (repository: Repository) => boolean;
  /** Do the upstream's allow and deny lists let this repository be mirrored? */
  readonly isAllowed: (repository: Repository) => boolean;
}

export class Access {
  readonly #rules: AccessRules;

  constructor(rules: AccessRules) {
    this.#rules = rules;
  }

  /** Does this server do such things at all, for whomever? */
  isTurnedOn(action: Action): boolean {
    const { pushEnabled, deleteEnabled } = this.#rules;
    return action === 'pull' || (pushEnabled && (action === 'push' || deleteEnabled));
  }

  /** Throws unless the client may do such things at all. */
  requireAction(action: Action): void {
    const { anonymous } = this.#rules;
    if (anonymous === 'none') {
      throw new OciError('UNAUTHORIZED', {
        headers: { 'WWW-Authenticate': 'Basic realm="holdfast"' },
      });
    }
    if (action !== 'pull' && anonymous !== 'push') {
      throw new OciError('DENIED', { message: `anonymous ${action} is not allowed here` });
    }
  }

  /** Throws unless this repository is open to the client. What is private does not even exist for others. */
  requireRepository(repository: Repository): void {
    if (!this.#rules.isAllowed(repository)) {
      throw new OciError('DENIED', {
        message: 'the configuration of this mirror does not allow this repository',
        detail: { name: displayName(repository) },
      });
    }
    if (!this.#rules.isPublic(repository)) throw new OciError('NAME_UNKNOWN');
  }

  canSee(repository: Repository): boolean {
    return this.#rules.isAllowed(repository) && this.#rules.isPublic(repository);
  }
}
