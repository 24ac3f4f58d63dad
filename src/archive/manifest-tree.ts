/** Finds what a manifest needs among the blobs of an OCI layout. */
import { type Digest, digestAlgorithm, digestOf } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isImageMediaType, isIndexMediaType } from '../oci/media-types.ts';
import { type Archive, parseJsonAs } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { blobPath } from './blob-paths.ts';
import { readWhole } from './content.ts';
import type { ImageBlob, ImageManifest } from './image.ts';
import { type IndexEntry, indexSchema, platformText, reducedIndex } from './index-json.ts';
import { MAX_INDEX_DEPTH, MAX_JSON_BYTES, MAX_MANIFESTS } from './limits.ts';

type Descriptor = Pick<IndexEntry, 'mediaType' | 'digest' | 'size'>;

/** A manifest as the archive has it; `undefined` where it, or something that it cannot do without, is not there. */
export interface FoundManifest {
  readonly manifest: ImageManifest | undefined;
  /** What is not there: platforms of an index, digests of anything else. */
  readonly missing: readonly string[];
}

export class ManifestTree {
  readonly #archive: Archive;
  readonly #found = new Map<Digest, FoundManifest>();

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /**
   * Reads a manifest and, along it, all below it. An index that lacks some of its manifests is found without them, and
   * one that has a single one left is that one: an archive of a partly pulled image is as good as its parts.
   *
   * @throws ArchiveError for content that is not what its digest or size says
   */
  async read(descriptor: Descriptor, depth = 0): Promise<FoundManifest> {
    const known = this.#found.get(descriptor.digest);
    if (known) return known;
    if (depth > MAX_INDEX_DEPTH) throw new ArchiveError('the indexes are nested too deep');
    if (this.#found.size >= MAX_MANIFESTS) {
      throw new ArchiveError(`the archive has more than ${MAX_MANIFESTS} manifests`);
    }
    const found = await this.#readNew(descriptor, depth);
    this.#found.set(descriptor.digest, found);
    return found;
  }

  async #readNew(descriptor: Descriptor, depth: number): Promise<FoundManifest> {
    const { digest, mediaType } = descriptor;
    const bytes = await this.#bytes(descriptor);
    if (bytes === undefined) return { manifest: undefined, missing: [digest] };
    const parsed = parseManifest(bytes, mediaType);
    if (!parsed.ok) throw new ArchiveError(`manifest ${digest}: ${parsed.problem}`);
    const { descriptors } = parsed.manifest;
    if (isIndexMediaType(parsed.manifest.mediaType)) {
      return await this.#readIndex(descriptor, bytes, depth);
    }
    const blobs = descriptors.map((one) => this.#blob(one));
    const missing = descriptors.filter((_, at) => blobs[at] === undefined).map((one) => one.digest);
    if (missing.length > 0) return { manifest: undefined, missing };
    const whole = blobs.filter((blob) => blob !== undefined);
    return {
      manifest: { digest, mediaType: parsed.manifest.mediaType, bytes, blobs: whole, children: [] },
      missing: [],
    };
  }

  async #readIndex(
    { digest, mediaType }: Descriptor,
    bytes: Buffer,
    depth: number,
  ): Promise<FoundManifest> {
    const { manifests } = parseJsonAs(indexSchema, bytes, digest);
    const children: ImageManifest[] = [];
    const blobs: ImageBlob[] = [];
    const missing: string[] = [];
    for (const entry of manifests) {
      // Some indexes, such as build caches, name plain blobs among their manifests.
      if (!isImageMediaType(entry.mediaType) && !isIndexMediaType(entry.mediaType)) {
        const blob = this.#blob(entry);
        if (blob) blobs.push(blob);
        else missing.push(entry.digest);
        continue;
      }
      const child = await this.read(entry, depth + 1);
      if (child.manifest?.digest === entry.digest) children.push(child.manifest);
      else missing.push(entry.platform ? platformText(entry.platform) : entry.digest);
    }
    const whole = { digest, mediaType, bytes, blobs, children };
    if (missing.length === 0) return { manifest: whole, missing };
    const [only, ...others] = children;
    if (only === undefined) return { manifest: undefined, missing };
    if (others.length === 0 && blobs.length === 0) return { manifest: only, missing };
    const kept = new Set([...children, ...blobs].map((one) => one.digest));
    const reduced = reducedIndex(bytes, kept);
    return { manifest: { ...whole, bytes: reduced, digest: digestOf(reduced) }, missing };
  }

  async #bytes({ digest, size }: Descriptor): Promise<Buffer | undefined> {
    const content = this.#archive.find(blobPath(digest));
    if (content === undefined) return undefined;
    requireSize(digest, size, content.size);
    const bytes = await readWhole(content, MAX_JSON_BYTES, `manifest ${digest}`);
    const actual = digestOf(bytes, digestAlgorithm(digest));
    if (actual === digest) return bytes;
    throw new ArchiveError(`the content of ${digest} has the digest ${actual}`);
  }

  #blob({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): ImageBlob | undefined {
    const content = this.#archive.find(blobPath(digest));
    if (content === undefined) return undefined;
    requireSize(digest, size, content.size);
    return { digest, size, content };
  }
}

function requireSize(digest: Digest, told: number, actual: number): void {
  if (told === actual) return;
  throw new ArchiveError(`${digest} should have ${told} bytes and has ${actual}`);
}
