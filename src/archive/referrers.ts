/** Which of the manifests of an archive only speak of its images: signatures, attestations, SBOMs. */
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { parseTag } from '../oci/reference.ts';
import { subjectOfTag } from '../oci/referrer-tags.ts';
import { ArchiveError } from './archive-error.ts';
import { type ArchivedImage, type ImageManifest, manifestsOf, type Referrer } from './image.ts';
import { MAX_REFERRERS } from './limits.ts';

/**
 * Gives each image what refers to it, or to what refers to it: what is `told` to be such, and what the archive lists among its
 * images without a name of its own, as oras and regctl do. What refers to nothing that is there stays an image if it is listed as
 * one, and is left out otherwise.
 *
 * @throws ArchiveError where there are too many
 */
export function assignReferrers(
  images: readonly ArchivedImage[],
  told: readonly Referrer[],
): readonly ArchivedImage[] {
  const listed = new Map<Referrer, ArchivedImage>();
  for (const image of images) {
    const referrer = asReferrer(image);
    if (referrer) listed.set(referrer, image);
  }
  const bySubject = groupBySubject([...told, ...listed.keys()]);
  const others = new Set(listed.values());
  const assigned = new Set<Referrer>();
  let count = 0;
  const given = new Map<ArchivedImage, readonly Referrer[]>();
  for (const image of images) {
    if (others.has(image)) continue;
    const referrers = reachable(image.root, bySubject);
    for (const referrer of referrers) assigned.add(referrer);
    count += referrers.reduce((sum, { tags }) => sum + Math.max(1, tags.length), 0);
    if (count > MAX_REFERRERS) {
      throw new ArchiveError(`the images have more than ${MAX_REFERRERS} referrers together`);
    }
    given.set(image, referrers);
  }
  for (const [referrer, image] of listed) if (!assigned.has(referrer)) given.set(image, []);
  return images.flatMap((image) => {
    const referrers = given.get(image);
    return referrers ? [{ ...image, referrers }] : [];
  });
}

/** An image without a name, or with no other than a tag that speaks of another one. */
function asReferrer({ names, root, missing }: ArchivedImage): Referrer | undefined {
  const tags = names.map((name) => (name.startsWith(':') ? parseTag(name.slice(1)) : undefined));
  const speaking = tags.filter((tag) => tag !== undefined && subjectOfTag(tag) !== undefined);
  if (speaking.length < names.length || missing.length > 0) return undefined;
  const referrer = { root, tags: speaking.filter((tag) => tag !== undefined) };
  return subjectsOf(referrer).length === 0 ? undefined : referrer;
}

function subjectsOf({ root, tags }: Referrer): readonly Digest[] {
  const parsed = parseManifest(root.bytes, root.mediaType);
  const subject = parsed.ok ? parsed.manifest.subject : undefined;
  return [subject, ...tags.map(subjectOfTag)].filter((one) => one !== undefined);
}

function groupBySubject(referrers: readonly Referrer[]): ReadonlyMap<Digest, readonly Referrer[]> {
  const groups = new Map<Digest, Referrer[]>();
  for (const referrer of referrers) {
    for (const subject of new Set(subjectsOf(referrer))) {
      const group = groups.get(subject) ?? [];
      group.push(referrer);
      groups.set(subject, group);
    }
  }
  return groups;
}

/** Each once, behind what it refers to. */
function reachable(
  root: ImageManifest,
  bySubject: ReadonlyMap<Digest, readonly Referrer[]>,
): readonly Referrer[] {
  const found = new Set<Referrer>();
  const subjects = manifestsOf(root).map(({ digest }) => digest);
  for (const subject of subjects) {
    for (const referrer of bySubject.get(subject) ?? []) {
      if (found.has(referrer)) continue;
      found.add(referrer);
      subjects.push(referrer.root.digest);
    }
  }
  return [...found];
}
