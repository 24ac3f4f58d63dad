import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { Departure } from '../inventory-records.ts';
import type { Shelf } from './memory-shelves.ts';

type Reason = Departure['reason'];

/** What went, when and why; memory need not forget it. */
export class MemoryDepartures {
  readonly #now: () => number;
  readonly #ofShelves = new WeakMap<Shelf, Map<string, Departure>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The manifest goes, with its tags. */
  manifest(shelf: Shelf, digest: Digest, reason: Reason): void {
    this.reference(shelf, digest, reason);
    for (const [tag, record] of shelf.tags) {
      if (record.digest === digest) this.reference(shelf, tag, reason);
    }
  }

  reference(shelf: Shelf, reference: Tag | Digest, reason: Reason): void {
    const known = this.#ofShelves.get(shelf) ?? new Map<string, Departure>();
    this.#ofShelves.set(shelf, known.set(reference, { reason, at: this.#now() }));
  }

  /** The blob is about to go, or to be held no more, from every one of them that refers to it. */
  blob(shelves: readonly Shelf[], digest: Digest, reason: Reason): void {
    for (const shelf of shelves) if (shelf.blobs.has(digest)) this.reference(shelf, digest, reason);
  }

  find(shelf: Shelf | undefined, reference: Tag | Digest): Departure | undefined {
    return shelf && this.#ofShelves.get(shelf)?.get(reference);
  }
}
