import type { RepositoryName } from './repository-name.ts';

/** A repository that lives here: it takes pushes, and nothing but a delete ever removes its content. */
export interface HostedRepository {
  readonly kind: 'hosted';
  readonly name: RepositoryName;
}

/** A repository of an upstream registry, read-only here; what is held of it can always be fetched again. */
export interface MirroredRepository {
  readonly kind: 'mirrored';
  /** The configured name of the upstream (`docker.io`), never an alias. */
  readonly upstream: string;
  readonly name: RepositoryName;
}

export type Repository = HostedRepository | MirroredRepository;

/** All that is mirrored from an upstream, as far as nothing is said about a part of it. */
export interface WholeUpstream {
  readonly kind: 'upstream';
  readonly upstream: string;
}

/** What one may or may not be let into. */
export type Place = Repository | WholeUpstream;

/** How the catalog, logs and the command line name it: `NAME` or `UPSTREAM/NAME`. */
export function displayName(repository: Repository): string {
  return repository.kind === 'hosted'
    ? repository.name
    : `${repository.upstream}/${repository.name}`;
}
