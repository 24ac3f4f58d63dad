/** What images of an archive are called where they go. */
import { parseTag, type Tag } from '../oci/reference.ts';
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import { ArchiveError, quoted } from './archive-error.ts';
import type { ArchivedImage } from './image.ts';

/** Where an image goes. */
export interface Destination {
  /** As the registry that it goes to calls it. */
  readonly repository: string;
  readonly tag: Tag;
}

/** `short`: without the registry that an image came from. `full`: with it, as containerd spells names. */
export type NameForm = 'short' | 'full';

/** `NAME[:TAG]`, as `--to` states it. */
export interface WantedName {
  readonly repository: RepositoryName;
  readonly tag: Tag | undefined;
}

export interface PlacedImage {
  readonly image: ArchivedImage;
  readonly destinations: readonly Destination[];
}

/** What `NAME[:TAG]` says; undefined where it is none. */
export function parseWantedName(text: string): WantedName | undefined {
  const [, name = '', tagText] = /^(.*?)(?::([^/:]*))?$/.exec(text) ?? [];
  const repository = parseRepositoryName(name);
  const tag = tagText === undefined ? undefined : parseTag(tagText);
  if (repository === undefined || (tagText !== undefined && tag === undefined)) return undefined;
  return { repository, tag };
}

/**
 * Where each image goes: where `wanted` says, or under its own name in the form that is stated.
 *
 * @throws ArchiveError where a name is missing, or no repository can have it, or `wanted` is one name for several images
 */
export function placeImages(
  images: readonly ArchivedImage[],
  wanted: WantedName | undefined,
  form: NameForm = 'short',
): readonly PlacedImage[] {
  if (wanted === undefined) {
    return images.map((image) => ({ image, destinations: ownDestinations(image, form) }));
  }
  const [image, ...others] = images;
  if (image === undefined) return [];
  if (others.length > 0) {
    const names = images.map(({ names: own }) => own.join(' ') || 'one without a name').join(', ');
    throw new ArchiveError(
      `there are several images in the archive, so none can be called so: ${names}`,
    );
  }
  const { repository, tag } = wanted;
  const tags = tag === undefined ? tagsOf(image) : [tag];
  return [{ image, destinations: tags.map((one) => ({ repository, tag: one })) }];
}

/** Without a registry host, as Docker tells one: the first part, if it has a dot or a port or is `localhost`. */
export function withoutHost(name: string): string {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  return /[.:]/.test(first) || first === 'localhost' ? name.slice(slash + 1) : name;
}

/** With a registry host, as Docker reads it: what has none is Docker Hub's. The tag stays behind it. */
export function fullName(name: string): string {
  const path = withoutHost(name);
  const host = path === name ? DOCKER_HUB : name.slice(0, name.length - path.length - 1);
  return host === DOCKER_HUB && !path.includes('/') ? `${host}/library/${path}` : `${host}/${path}`;
}

const DOCKER_HUB = 'docker.io';

/** The repository and tag that an archive's name of an image means where it goes; undefined for a tag alone. */
export function destinationOf(name: string, form: NameForm): Destination | undefined {
  if (name.startsWith(':')) return undefined;
  const told = withoutDigest(name);
  const parsed = parseWantedName(withoutHost(told));
  if (parsed === undefined) {
    throw new ArchiveError(`no repository can be called ${quoted(name)}; state another name`);
  }
  const full = fullName(told);
  const host = full.slice(0, full.indexOf('/'));
  const repository = form === 'full' ? fullName(`${host}/${parsed.repository}`) : parsed.repository;
  return { repository, tag: parsed.tag ?? LATEST };
}

/** A digest behind the tag says nothing about where it goes. */
function withoutDigest(name: string): string {
  const at = name.indexOf('@');
  return at === -1 ? name : name.slice(0, at);
}

const LATEST = parseTag('latest') as Tag;

function ownDestinations(image: ArchivedImage, form: NameForm): readonly Destination[] {
  const destinations = image.names
    .map((name) => destinationOf(name, form))
    .filter((one) => one !== undefined);
  if (destinations.length > 0) return destinations;
  throw new ArchiveError('an image in the archive has no name; state one');
}

/** Of an image that is to be called by another name: its own tags, else `latest`. */
function tagsOf({ names }: ArchivedImage): readonly Tag[] {
  const tags = names
    .map((name) => /:([^/:]+)$/.exec(withoutDigest(name))?.[1])
    .map((text) => (text === undefined ? undefined : parseTag(text)))
    .filter((tag) => tag !== undefined);
  return tags.length === 0 ? [LATEST] : [...new Set(tags)];
}
