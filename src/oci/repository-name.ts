declare const repositoryNameBrand: unique symbol;

/** A repository name that satisfies the grammar of distribution-spec, "Pulling manifests". */
export type RepositoryName = string & { readonly [repositoryNameBrand]: true };

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);

/** The spec advises that host and name together stay within 255 characters. */
export const MAX_NAME_LENGTH = 255;

/** The name that `text` spells, or undefined where the grammar or the length forbids it. */
export function parseRepositoryName(text: string): RepositoryName | undefined {
  // The length goes first: it bounds the work of the expression.
  return text.length <= MAX_NAME_LENGTH && NAME.test(text) ? (text as RepositoryName) : undefined;
}
