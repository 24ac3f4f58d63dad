import type { NameForm } from '../../archive/image-names.ts';
import { OciError } from '../../oci/error-codes.ts';
import type { Repository } from '../../oci/repository.ts';
import type { Permissions } from '../permissions.ts';
import type { Services } from '../services.ts';

/** The repositories that images of an archive go to, as far as who asks may send them there. */
export class ImportGoals {
  readonly #naming: Services['naming'];
  readonly #permissions: Permissions;
  readonly #form: NameForm;

  /** @param form - how images are called; in full, they may be those of a mirrored registry */
  constructor({ naming }: Services, permissions: Permissions, form: NameForm) {
    this.#naming = naming;
    this.#permissions = permissions;
    this.#form = form;
  }

  /** @throws OciError where there can be no such repository, or who asks may not send anything there */
  of(name: string): Repository {
    const resolution = this.#naming.resolve(name);
    if (resolution.state !== 'found') throw new OciError('NAME_INVALID', { detail: { name } });
    const { target } = resolution;
    if (target.kind === 'mirrored') return this.#mirrored(target.repository, name);
    this.#permissions.require('push', target.hosted);
    return target.hosted;
  }

  #mirrored(repository: Repository, name: string): Repository {
    if (this.#form === 'short') {
      // Before it is told what the name means.
      this.#permissions.require('push', repository);
      throw new OciError('DENIED', {
        message: 'mirrored repositories are read-only',
        detail: { name },
      });
    }
    // Whoever answers for a registry speaks for it to everybody here.
    this.#permissions.requireAny('administer', 'api');
    this.#permissions.require('pull', repository);
    return repository;
  }
}
