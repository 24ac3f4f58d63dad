import picomatch from 'picomatch';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { TagPolicy, TagsConfig, UpstreamConfig } from './config.ts';

type Match = (repositoryAndTag: string) => boolean;

/** Compiled once per configured upstream, not per request. */
const compiled = new WeakMap<TagsConfig, readonly { match: Match; policy: TagPolicy }[]>();

/**
 * How the tag `tag` of an upstream's repository is to be treated: the first rule whose glob matches `repository:tag`
 * overrides what it states. `*` matches slashes too, because a rule is mostly about the tag.
 */
export function tagPolicy(
  upstream: UpstreamConfig,
  repository: RepositoryName,
  tag: string,
): TagPolicy {
  const rules = compiled.get(upstream.tags) ?? compile(upstream.tags);
  const subject = `${repository}:${tag}`;
  return rules.find(({ match }) => match(subject))?.policy ?? upstream.tags;
}

function compile(tags: TagsConfig) {
  const rules = tags.rules.map((rule) => ({
    match: picomatch(rule.match, { bash: true, dot: true, nonegate: true }),
    policy: { ...tags, ...rule },
  }));
  compiled.set(tags, rules);
  return rules;
}
