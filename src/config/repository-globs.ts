import picomatch from 'picomatch';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { UpstreamConfig } from './config.ts';

/** `team/**` means what is in `team/`, not a repository called `team`. */
const OPTIONS = { dot: true, nonegate: true, strictSlashes: true };

type Match = (repository: string) => boolean;

/** Compiled once per configured upstream, not per request. */
const compiled = new WeakMap<UpstreamConfig, { allow: Match; deny: Match }>();

/**
 * Whether a repository of the upstream may be asked for: some glob of `allow` matches its name (as upstream knows it) and
 * none of `deny` does. `*` stays within one part of the name, `**` does not.
 */
export function isAllowed(upstream: UpstreamConfig, repository: RepositoryName): boolean {
  const { allow, deny } = compiled.get(upstream) ?? compile(upstream);
  return allow(repository) && !deny(repository);
}

function compile(upstream: UpstreamConfig) {
  const globs = {
    allow: matcher(upstream.allow),
    deny: matcher(upstream.deny),
  };
  compiled.set(upstream, globs);
  return globs;
}

/** Whether a name matches any of the globs. */
export function matcher(globs: readonly string[]): Match {
  return globs.length === 0 ? () => false : picomatch([...globs], OPTIONS);
}
