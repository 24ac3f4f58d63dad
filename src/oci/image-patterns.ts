/** Patterns over images: the name of one, or a glob over `NAME:TAG`, with names in full as listings show them. */
import picomatch from 'picomatch';

/** As in the tag rules of the configuration: `*` matches slashes too. */
const OPTIONS = { bash: true, dot: true, nonegate: true };
const STRICT = { ...OPTIONS, strictBrackets: true, debug: true };

/** What makes a pattern more than the name of one image. */
const GLOB = /[*?[\]{}()!|\\]/;

export function isGlob(pattern: string): boolean {
  return GLOB.test(pattern);
}

/** The text that everything begins with that the pattern matches. */
export function literalPrefix(pattern: string): string {
  const end = pattern.search(/[*?[\]{}()!|\\+@]/);
  return isGlob(pattern) && end !== -1 ? pattern.slice(0, end) : pattern;
}

/** Whether some image is meant: it is asked by `NAME:TAG` for each of its tags, and by `NAME@DIGEST`. */
export type ImageMatcher = (image: string) => boolean;

/** Matches what any of the patterns does; undefined where there is none. Throws a RangeError or SyntaxError where one is no glob. */
export function imageMatcher(patterns: readonly string[]): ImageMatcher | undefined {
  if (patterns.length === 0) return undefined;
  const exact = new Set(patterns.filter((pattern) => !isGlob(pattern)));
  const globs = patterns.filter(isGlob);
  const matches = globs.length === 0 ? () => false : picomatch(globs, OPTIONS);
  return (image) => exact.has(image) || matches(image);
}

/** Matches the names of repositories of which some image may be pinned. */
export function namesRepository(patterns: readonly string[]): (name: string) => boolean {
  return imageMatcher(patterns.map(repositoryPart)) ?? (() => false);
}

export interface TagPattern {
  /** The repository, still to be resolved. */
  readonly name: string;
  readonly matches: (tag: string) => boolean;
}

/** Reads `NAME:GLOB`, a glob over the tags of one repository; undefined where it is anything else. */
export function parseTagPattern(text: string): TagPattern | undefined {
  const name = repositoryPart(text);
  if (name === '' || isGlob(name) || !isGlob(text) || text[name.length] !== ':') return undefined;
  const matches = matcherOf(text);
  return matches && { name, matches: (tag) => matches(`${name}:${tag}`) };
}

/** Whether it is a glob that can be compiled, or no glob at all. */
export function isUsablePattern(text: string): boolean {
  return matcherOf(text) !== undefined;
}

function matcherOf(pattern: string): ImageMatcher | undefined {
  try {
    // Or a bracket that is never closed, and a range that ends before it begins, would quietly match nothing.
    if (isGlob(pattern)) picomatch.makeRe(pattern, STRICT);
    return imageMatcher([pattern]);
  } catch {
    return undefined;
  }
}

/** What stands before the tag or digest; a colon before the last slash belongs to a port. */
export function repositoryPart(pattern: string): string {
  const end = pattern.slice(pattern.lastIndexOf('/') + 1).search(/[:@]/);
  return end === -1 ? pattern : pattern.slice(0, pattern.lastIndexOf('/') + 1 + end);
}
