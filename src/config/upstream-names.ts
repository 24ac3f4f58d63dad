import { normalizeRegistryHost } from './registry-host.ts';
import { defaultAliases } from './upstream-schema.ts';

export interface NameProblem {
  /** Relative to `upstreams`. */
  readonly path: (string | number)[];
  readonly message: string;
}

/**
 * Which entry of an `upstreams` map each name and alias stands for, and what is wrong with them: one that is no host, or
 * that two entries claim. It takes the map as it came, wrong values and all, so that these problems are told together
 * with every other one. The owners are keys of the map as they are spelled there.
 */
export function upstreamNames(upstreams: object): {
  readonly owners: ReadonlyMap<string, string>;
  readonly problems: readonly NameProblem[];
} {
  const owners = new Map<string, string>();
  const problems: NameProblem[] = [];
  const claim = (host: string, owner: string, path: (string | number)[]): void => {
    const other = owners.get(host);
    if (other === undefined) owners.set(host, owner);
    else problems.push({ path, message: `"${host}" already names upstreams.${other}` });
  };
  for (const name of Object.keys(upstreams)) {
    const host = normalizeRegistryHost(name);
    if (host === undefined) problems.push({ path: [name], message: NOT_A_HOST });
    else claim(host, name, [name]);
  }
  // All names before any alias: where they clash it is the alias that is wrong.
  for (const [name, entry] of Object.entries(upstreams)) {
    for (const [index, alias] of aliasesOf(name, entry).entries()) {
      const host = typeof alias === 'string' ? normalizeRegistryHost(alias) : undefined;
      if (host !== undefined) claim(host, name, [name, 'aliases', index]);
    }
  }
  return { owners, problems };
}

const NOT_A_HOST =
  'an upstream is named by its registry host, such as "ghcr.io" or "registry.local:5000"';

function aliasesOf(name: string, entry: unknown): readonly unknown[] {
  if (typeof entry !== 'object' || entry === null) return [];
  if (!('aliases' in entry)) return defaultAliases(normalizeRegistryHost(name) ?? name);
  return Array.isArray(entry.aliases) ? entry.aliases : [];
}
