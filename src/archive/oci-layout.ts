/** Images of an OCI layout (image-spec, "Image Layout"), as skopeo, podman, buildx and Docker since 25 write it. */
import type { Digest } from '../oci/digest.ts';
import { parseTag, type Tag } from '../oci/reference.ts';
import type { Archive } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import type { ArchivedImage, ImageManifest, Referrer } from './image.ts';
import { type IndexEntry, indexSchema, parseShape } from './index-json.ts';
import { ManifestTree } from './manifest-tree.ts';
import { assignReferrers } from './referrers.ts';

export const INDEX_JSON = 'index.json';
export const LAYOUT_FILE = 'oci-layout';
export const LAYOUT_VERSION = '1.0.0';
/**
 * An index of the referrers of the images, beside `index.json`: in there other tools would take them for images. Those that are
 * tagged have the tag as their `REF_NAME`.
 */
export const REFERRERS_JSON = 'referrers.json';

/** The whole name of an image, as containerd and Docker note it. */
export const IMAGE_NAME = 'io.containerd.image.name';
/** image-spec: a name within the archive. Most write the tag alone, podman and skopeo whatever they were told. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

/** An image of which more names may come: `index.json` has an entry for each of them. */
interface FoundImage extends Omit<ArchivedImage, 'names' | 'referrers'> {
  readonly names: Set<string>;
}

/** @throws ArchiveError where the layout breaks the specification, or an image of it is not whole */
export async function readOciLayout(archive: Archive): Promise<readonly ArchivedImage[]> {
  const { manifests } = await readIndexJson(archive);
  const tree = new ManifestTree(archive);
  const images = new Map<Digest, FoundImage>();
  for (const entry of manifests) {
    const { manifest, missing } = await tree.read(entry);
    if (manifest === undefined) throw new ArchiveError(`the archive lacks ${missing.join(', ')}`);
    const image = images.get(entry.digest) ?? { names: new Set(), root: manifest, missing };
    for (const name of namesOf(entry)) image.names.add(name);
    images.set(entry.digest, image);
  }
  const listed = Array.from(images.values(), (image) => ({
    ...image,
    names: [...image.names],
    referrers: [],
  }));
  return assignReferrers(listed, await readReferrers(archive, tree));
}

async function readReferrers(archive: Archive, tree: ManifestTree): Promise<readonly Referrer[]> {
  if (!archive.has(REFERRERS_JSON)) return [];
  const value = await archive.readJson(REFERRERS_JSON);
  const referrers = new Map<Digest, { readonly root: ImageManifest; readonly tags: Set<Tag> }>();
  for (const entry of parseShape(indexSchema, value, REFERRERS_JSON).manifests) {
    const { manifest, missing } = await tree.read(entry);
    if (manifest === undefined) throw new ArchiveError(`the archive lacks ${missing.join(', ')}`);
    const referrer = referrers.get(manifest.digest) ?? { root: manifest, tags: new Set() };
    const tag = parseTag(entry.annotations?.[REF_NAME] ?? '');
    if (tag !== undefined) referrer.tags.add(tag);
    referrers.set(manifest.digest, referrer);
  }
  return Array.from(referrers.values(), ({ root, tags }) => ({ root, tags: [...tags] }));
}

/** The names that `index.json` gives, before anything else of the layout is known. */
export async function namesInLayout(archive: Archive): Promise<readonly string[]> {
  return (await readIndexJson(archive)).manifests.flatMap(namesOf);
}

async function readIndexJson(archive: Archive): Promise<{ manifests: IndexEntry[] }> {
  return parseShape(indexSchema, await archive.readJson(INDEX_JSON), INDEX_JSON);
}

function namesOf({ annotations }: IndexEntry): readonly string[] {
  const name = annotations?.[IMAGE_NAME];
  if (name !== undefined) return [name];
  const reference = annotations?.[REF_NAME];
  if (reference === undefined) return [];
  return [/[/:]/.test(reference) ? reference : `:${reference}`];
}
