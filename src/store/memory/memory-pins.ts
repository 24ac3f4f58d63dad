import type { Digest } from '../../oci/digest.ts';
import { displayName } from '../../oci/repository.ts';
import { compareBytes } from '../byte-order.ts';
import type { Pin } from '../inventory-records.ts';
import { pinMatcher } from '../pin-patterns.ts';
import type { Shelf } from './memory-shelves.ts';

/** Pins, asked anew for each manifest. */
export class MemoryPins {
  readonly #pins = new Map<string, number>();

  add(pattern: string, at: number): boolean {
    if (this.#pins.has(pattern)) return false;
    this.#pins.set(pattern, at);
    return true;
  }

  remove(pattern: string): boolean {
    return this.#pins.delete(pattern);
  }

  list(): Pin[] {
    return [...this.#pins]
      .map(([pattern, at]) => ({ pattern, at }))
      .toSorted((a, b) => compareBytes(a.pattern, b.pattern));
  }

  isPinned(shelf: Shelf, digest: Digest): boolean {
    const matches = pinMatcher([...this.#pins.keys()]);
    return matches !== undefined && isNamed(shelf, digest, matches);
  }
}

function isNamed(shelf: Shelf, digest: Digest, matches: (image: string) => boolean): boolean {
  const name = displayName(shelf.repository);
  if (matches(`${name}@${digest}`)) return true;
  const tags = [...shelf.tags].filter(([, record]) => record.digest === digest);
  if (tags.some(([tag]) => matches(`${name}:${tag}`))) return true;
  return [...shelf.manifests.values()]
    .filter(({ references }) =>
      references.some((one) => one.kind === 'manifest' && one.digest === digest),
    )
    .some((index) => isNamed(shelf, index.digest, matches));
}
