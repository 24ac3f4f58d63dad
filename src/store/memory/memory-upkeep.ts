import type { Digest } from '../../oci/digest.ts';
import type { Repository } from '../../oci/repository.ts';
import { compareBytes } from '../byte-order.ts';
import type { Departure, NextEviction } from '../inventory-records.ts';
import type { BlobRecord, ManifestCommit, Page } from '../metadata-store.ts';
import type {
  CollectedLinks,
  CollectQuery,
  HeldBlob,
  LooseBlob,
  LooseBlobsQuery,
  ReleasedContent,
} from '../upkeep-records.ts';
import type { MemoryDepartures } from './memory-departures.ts';
import type { MemoryPins } from './memory-pins.ts';
import { type MemoryShelves, type Shelf, tagsOf } from './memory-shelves.ts';

export interface HeldContent {
  readonly size: number;
  usedAt: number;
}

/** The upkeep part of the port: nothing is counted along the way, everything is worked out when asked for. */
export class MemoryUpkeep {
  readonly #shelves: MemoryShelves;
  readonly #held: Map<Digest, HeldContent>;
  readonly #pins: MemoryPins;
  readonly #departures: MemoryDepartures;
  readonly #condemned = new Set<Digest>();

  constructor({
    shelves,
    held,
    pins,
    departures,
  }: {
    readonly shelves: MemoryShelves;
    readonly held: Map<Digest, HeldContent>;
    readonly pins: MemoryPins;
    readonly departures: MemoryDepartures;
  }) {
    this.#shelves = shelves;
    this.#held = held;
    this.#pins = pins;
    this.#departures = departures;
  }

  hold({ digest, size }: BlobRecord, at: number): void {
    const usedAt = Math.max(this.#held.get(digest)?.usedAt ?? 0, at);
    this.#held.set(digest, { size, usedAt });
    this.#condemned.delete(digest);
  }

  touch(shelf: Shelf, digest: Digest, at: number): void {
    if (shelf.manifests.has(digest)) {
      shelf.uses.set(digest, Math.max(shelf.uses.get(digest) ?? 0, at));
    }
  }

  touchWithChildren(shelf: Shelf, digest: Digest, at: number): void {
    this.touch(shelf, digest, at);
    for (const { kind, digest: child } of shelf.manifests.get(digest)?.references ?? []) {
      if (kind === 'manifest') this.touch(shelf, child, at);
    }
  }

  touchBlob(digest: Digest, at: number): void {
    const held = this.#held.get(digest);
    if (held) held.usedAt = Math.max(held.usedAt, at);
  }

  mirroredBytes(): number {
    return [...this.#held]
      .filter(([digest]) => !this.#isHosted(digest))
      .reduce((sum, [, { size }]) => sum + size, 0);
  }

  evict({ bytes, limit }: { readonly bytes: number; readonly limit: number }): ReleasedContent {
    const blobs: BlobRecord[] = [];
    let manifests = 0;
    for (const { shelf, commit } of this.#oldest().slice(0, limit)) {
      if (blobs.reduce((sum, { size }) => sum + size, 0) >= bytes) break;
      blobs.push(...this.#release(shelf, commit, 'evicted'));
      manifests += 1;
    }
    return { manifests, pinned: 0, blobs };
  }

  next({ limit, looseBefore }: { limit: number; looseBefore: number }): NextEviction[] {
    const blobs = this.listLoose({ usedBefore: looseBefore, limit }).map(
      ({ digest, size, usedAt }): NextEviction => ({
        kind: 'blob',
        repository: this.#shelves.repositories().find((one) => this.#refers(one, digest)),
        digest,
        bytes: size,
        usedAt,
      }),
    );
    const gone: ManifestCommit[] = [];
    const manifests = this.#oldest().map(({ shelf, commit, usedAt }): NextEviction => {
      const before = this.#looseBytes(gone);
      gone.push(commit);
      return {
        kind: 'manifest',
        repository: shelf.repository,
        digest: commit.digest,
        tags: tagsOf(shelf, commit.digest),
        belongsTo: ownersOf(shelf, commit).flatMap((owner) => tagsOf(shelf, owner)),
        bytes: this.#looseBytes(gone) - before,
        usedAt,
      };
    });
    return [...blobs, ...manifests].slice(0, limit);
  }

  forgetManifest(digest: Digest): boolean {
    for (const shelf of this.#shelves.all()) {
      const commit = shelf.manifests.get(digest);
      if (commit && shelf.repository.kind === 'mirrored') this.#release(shelf, commit, 'damaged');
    }
    return !this.#isManifestHeld(digest);
  }

  listLoose({ usedBefore, after, limit }: LooseBlobsQuery): LooseBlob[] {
    return [...this.#held]
      .filter(([digest]) => !this.#isHosted(digest) && !this.#isNamed(digest))
      .map(([digest, { size, usedAt }]) => ({ digest, size, usedAt }))
      .filter(({ usedAt }) => usedAt < usedBefore)
      .filter((one) => after === undefined || compareByUse(one, after) > 0)
      .toSorted(compareByUse)
      .slice(0, limit);
  }

  dropUnreferenced(digest: Digest): boolean {
    if (!this.#held.has(digest) || this.#isHosted(digest)) return false;
    if (this.#isNamed(digest) && this.#isLinked(digest)) return false;
    this.#held.delete(digest);
    this.#departures.blob(this.#shelves.all(), digest, 'evicted');
    for (const { blobs } of this.#shelves.all()) blobs.delete(digest);
    return true;
  }

  listHeld({ after = '', limit }: Page): HeldBlob[] {
    return [...this.#held]
      .filter(([digest]) => digest > after)
      .toSorted(([a], [b]) => compareBytes(a, b))
      .slice(0, limit)
      .map(([digest, { size }]) => ({
        digest,
        size,
        hosted: this.#isHosted(digest),
        linked: this.#isLinked(digest),
      }));
  }

  /** All at once, whatever the limit: memory has no requests that wait. */
  collect({ before }: CollectQuery): CollectedLinks {
    const unlinked: Digest[] = [];
    for (const { repository, manifests, blobs } of this.#shelves.all()) {
      if (repository.kind !== 'hosted') continue;
      const named = new Set(
        [...manifests.values()].flatMap(({ references }) => references.map(({ digest }) => digest)),
      );
      for (const [digest, { addedAt }] of blobs) {
        const usedAt = this.#held.get(digest)?.usedAt ?? 0;
        if (named.has(digest) || addedAt >= before || usedAt >= before) continue;
        blobs.delete(digest);
        unlinked.push(digest);
      }
    }
    return { unlinked, next: undefined };
  }

  listManifests({ after = '', limit }: Page): { digest: Digest; content: Uint8Array }[] {
    const held = new Map(this.#shelves.all().flatMap(({ manifests }) => [...manifests]));
    return [...held.values()]
      .filter(({ digest }) => digest > after)
      .toSorted((a, b) => compareBytes(a.digest, b.digest))
      .slice(0, limit)
      .map(({ digest, content }) => ({ digest, content }));
  }

  condemn(digest: Digest): void {
    this.#held.delete(digest);
    this.#condemned.add(digest);
    this.#departures.blob(this.#shelves.all(), digest, 'damaged');
  }

  isCondemned(shelf: Shelf | undefined, digest: Digest): boolean {
    return shelf?.blobs.has(digest) === true && this.#condemned.has(digest);
  }

  listCondemned({ after = '', limit }: Page): Digest[] {
    return [...this.#condemned]
      .filter((digest) => digest > after && this.#isHosted(digest))
      .toSorted(compareBytes)
      .slice(0, limit);
  }

  /** In the order in which they go; pinned ones are not among them. */
  #oldest(): { shelf: Shelf; commit: ManifestCommit; usedAt: number }[] {
    return this.#shelves
      .all()
      .filter(({ repository }) => repository.kind === 'mirrored')
      .flatMap((shelf) => [...shelf.manifests.values()].map((commit) => ({ shelf, commit })))
      .filter(({ shelf, commit }) => !this.#pins.isPinned(shelf, commit.digest))
      .map((one) => ({ ...one, usedAt: one.shelf.uses.get(one.commit.digest) ?? 0 }))
      .toSorted((a, b) => a.usedAt - b.usedAt);
  }

  /** The blobs that are loose without the manifest. */
  #release(
    shelf: Shelf,
    { digest, references }: ManifestCommit,
    reason: Departure['reason'],
  ): BlobRecord[] {
    this.#departures.manifest(shelf, digest, reason);
    shelf.manifests.delete(digest);
    shelf.uses.delete(digest);
    for (const [tag, record] of shelf.tags) if (record.digest === digest) shelf.tags.delete(tag);
    if (this.#isManifestHeld(digest)) return [];
    const named = new Set(references.map((reference) => reference.digest));
    return [...named].flatMap((blob) => {
      if (this.#isNamed(blob)) return [];
      const held = this.#held.get(blob);
      if (held !== undefined) return this.#isHosted(blob) ? [] : { digest: blob, size: held.size };
      for (const { repository, blobs } of this.#shelves.all()) {
        if (repository.kind === 'mirrored') blobs.delete(blob);
      }
      return [];
    });
  }

  /** Bytes of held blobs that nobody needs when these manifests have gone, each from one repository. */
  #looseBytes(gone: readonly ManifestCommit[]): number {
    const left = this.#shelves.all().flatMap(({ manifests }) => [...manifests.values()]);
    for (const commit of gone) left.splice(left.indexOf(commit), 1);
    const named = new Set(left.flatMap(({ references }) => references.map(({ digest }) => digest)));
    return [...this.#held]
      .filter(([digest]) => !this.#isHosted(digest) && !named.has(digest))
      .reduce((sum, [, { size }]) => sum + size, 0);
  }

  #refers(repository: Repository, digest: Digest): boolean {
    return this.#shelves.find(repository)?.blobs.has(digest) === true;
  }

  #isManifestHeld(digest: Digest): boolean {
    return this.#shelves.all().some(({ manifests }) => manifests.has(digest));
  }

  #isNamed(digest: Digest): boolean {
    return this.#shelves
      .all()
      .flatMap(({ manifests }) => [...manifests.values()])
      .some(({ references }) => references.some((reference) => reference.digest === digest));
  }

  #isLinked(digest: Digest): boolean {
    return this.#shelves.all().some(({ blobs }) => blobs.has(digest));
  }

  #isHosted(digest: Digest): boolean {
    return this.#shelves
      .all()
      .some(({ repository, blobs }) => repository.kind === 'hosted' && blobs.has(digest));
  }
}

function compareByUse(a: LooseBlob, b: LooseBlob): number {
  return a.usedAt - b.usedAt || compareBytes(a.digest, b.digest);
}

/** The indexes that name the manifest, and what it refers to. */
function ownersOf(shelf: Shelf, { digest, subject }: ManifestCommit): Digest[] {
  const indexes = [...shelf.manifests.values()].filter(({ references }) =>
    references.some((one) => one.kind === 'manifest' && one.digest === digest),
  );
  return [...indexes.map((index) => index.digest), ...(subject === undefined ? [] : [subject])];
}
