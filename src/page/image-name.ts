/** Names of images as the API and its users write them: `NAME:TAG` and `NAME@DIGEST`. */

export function taggedImage(repository: string, tag: string): string {
  return `${repository}:${tag}`;
}

export function imageByDigest(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}

/** `sha256:9f86d081884c7d65…` → `9f86d081884c`, as docker shows it. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, SHORT_DIGEST);
}
const SHORT_DIGEST = 12;

/** The repository of an image name. A port's colon stands before a slash, a tag's never does. */
export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

export function platformName(platform: {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}): string {
  const { os, architecture, variant } = platform;
  return [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/');
}
