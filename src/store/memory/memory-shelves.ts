import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { displayName, type Repository } from '../../oci/repository.ts';
import { compareBytes, compareRepositories } from '../byte-order.ts';
import type { ManifestCommit, TagRecord } from '../metadata-store.ts';

/** What one repository knows; it stays when its content has gone. */
export interface Shelf {
  readonly repository: Repository;
  /** By digest; the media type is this repository's own. */
  readonly manifests: Map<Digest, ManifestCommit>;
  /** When each manifest came. */
  readonly additions: Map<Digest, number>;
  /** When each manifest was last used. */
  readonly uses: Map<Digest, number>;
  readonly tags: Map<Tag, Omit<TagRecord, 'manifest'>>;
  /** The blobs that it refers to, held or not. */
  readonly blobs: Map<Digest, { readonly size: number; readonly addedAt: number }>;
}

/** One shelf for each repository that is known. */
export class MemoryShelves {
  readonly #shelves = new Map<string, Shelf>();

  all(): Shelf[] {
    return [...this.#shelves.values()];
  }

  find(repository: Repository): Shelf | undefined {
    return this.#shelves.get(keyOf(repository));
  }

  ensure(repository: Repository): Shelf {
    const known = this.find(repository);
    if (known !== undefined) return known;
    const shelf: Shelf = {
      repository,
      manifests: new Map(),
      additions: new Map(),
      uses: new Map(),
      tags: new Map(),
      blobs: new Map(),
    };
    this.#shelves.set(keyOf(repository), shelf);
    return shelf;
  }

  commits(repository: Repository): ManifestCommit[] {
    return [...(this.find(repository)?.manifests.values() ?? [])];
  }

  /** The manifest as some repository holds it. */
  anyCommit(digest: Digest): ManifestCommit | undefined {
    return this.all()
      .find(({ manifests }) => manifests.has(digest))
      ?.manifests.get(digest);
  }

  /** In the order of listings. */
  repositories(): Repository[] {
    return this.all()
      .map(({ repository }) => repository)
      .toSorted(compareRepositories);
  }

  clear(): void {
    this.#shelves.clear();
  }
}

export function setTag(shelf: Shelf, tag: Tag, digest: Digest, at: number): void {
  const before = shelf.tags.get(tag);
  const cachedAt = before?.digest === digest ? before.cachedAt : at;
  shelf.tags.set(tag, { digest, cachedAt, checkedAt: at });
}

/** The tags that name the manifest, in the order of listings. */
export function tagsOf(shelf: Shelf, digest: Digest): Tag[] {
  return [...shelf.tags]
    .filter(([, record]) => record.digest === digest)
    .map(([tag]) => tag)
    .toSorted(compareBytes);
}

/** Tells a hosted repository from a mirrored one that is displayed alike. */
function keyOf(repository: Repository): string {
  return `${repository.kind} ${displayName(repository)} ${repository.name}`;
}
