/**
 * Which repository a name means: by `ns`, by prefix, else hosted first and the default upstream behind it.
 * `ns` and prefixes are look-up keys for what is configured, never a place to dial.
 */
import {
  MAX_NAME_LENGTH,
  parseRepositoryName,
  type RepositoryName,
} from '../oci/repository-name.ts';
import type { HostedRepository, MirroredRepository } from '../oci/repository.ts';

export type Target =
  | { readonly kind: 'mirrored'; readonly repository: MirroredRepository }
  /** A bare name: what is hosted under it comes first, then the default upstream, where there is one. */
  | {
      readonly kind: 'bare';
      readonly hosted: HostedRepository;
      readonly mirrored: MirroredRepository | undefined;
    };

export type Resolution =
  | { readonly state: 'found'; readonly target: Target }
  | { readonly state: 'invalid-name' }
  | { readonly state: 'unknown-namespace' };

export interface NamedUpstream {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** The upstream whose repositories without a slash live under `library/`. */
const DOCKER_HUB = 'docker.io';

const PRINTABLE_ASCII = /^[\x21-\x7e]*$/;

export class Naming {
  readonly #upstreams = new Map<string, NamedUpstream>();
  readonly #default: NamedUpstream | undefined;

  constructor(upstreams: readonly NamedUpstream[], defaultUpstream: string | null) {
    for (const upstream of upstreams) {
      for (const key of [upstream.name, ...upstream.aliases]) this.#upstreams.set(key, upstream);
    }
    this.#default = defaultUpstream === null ? undefined : this.#upstreams.get(defaultUpstream);
  }

  /** Resolves the name of a pull, with the `ns` that came with it, if any. */
  resolve(name: string, namespace?: string): Resolution {
    if (name.length > MAX_NAME_LENGTH) return { state: 'invalid-name' };
    const { upstream: prefixed, rest } = this.#splitPrefix(name);
    if (namespace !== undefined) {
      const upstream = this.#find(namespace);
      if (!upstream) return { state: 'unknown-namespace' };
      return found(mirrored(upstream, prefixed === upstream ? rest : name));
    }
    if (prefixed) return found(mirrored(prefixed, rest));
    const hosted = parseRepositoryName(name);
    if (hosted === undefined) return { state: 'invalid-name' };
    const target = this.#default && mirrored(this.#default, name);
    return found({
      kind: 'bare',
      hosted: { kind: 'hosted', name: hosted },
      mirrored: target?.repository,
    });
  }

  /** The name of the upstream that is called so, or that has this alias. */
  upstream(host: string): string | undefined {
    return this.#find(host)?.name;
  }

  #splitPrefix(name: string): { upstream: NamedUpstream | undefined; rest: string } {
    const slash = name.indexOf('/');
    const first = slash === -1 ? name : name.slice(0, slash);
    return { upstream: this.#find(first), rest: slash === -1 ? '' : name.slice(slash + 1) };
  }

  #find(host: string): NamedUpstream | undefined {
    // Some letters beyond ASCII have one of ASCII for their lower case (K, the Kelvin sign): no host is spelled with them.
    if (!PRINTABLE_ASCII.test(host)) return undefined;
    const key = host.toLowerCase();
    return this.#upstreams.get(key) ?? this.#upstreams.get(key.replace(/:(?:443|80)$/, ''));
  }
}

function mirrored(
  upstream: NamedUpstream,
  path: string,
): { kind: 'mirrored'; repository: MirroredRepository } | undefined {
  const isHub = upstream.name === DOCKER_HUB || upstream.aliases.includes(DOCKER_HUB);
  const name: RepositoryName | undefined = parseRepositoryName(
    isHub && path !== '' && !path.includes('/') ? `library/${path}` : path,
  );
  return name === undefined
    ? undefined
    : { kind: 'mirrored', repository: { kind: 'mirrored', upstream: upstream.name, name } };
}

function found(target: Target | undefined): Resolution {
  return target ? { state: 'found', target } : { state: 'invalid-name' };
}
