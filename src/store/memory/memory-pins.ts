import type { Digest } from '../../oci/digest.ts';
import { subjectOfTag } from '../../oci/referrer-tags.ts';
import { displayName } from '../../oci/repository.ts';
import { compareBytes } from '../byte-order.ts';
import type { Pin } from '../inventory-records.ts';
import { imageMatcher } from '../../oci/image-patterns.ts';
import type { Shelf } from './memory-shelves.ts';

/** Pins, asked anew for each manifest. */
export class MemoryPins {
  readonly #pins = new Map<string, Omit<Pin, 'pattern'>>();

  add(pattern: string, at: number): boolean {
    if (this.#pins.has(pattern)) return false;
    this.#pins.set(pattern, { at, configured: false });
    return true;
  }

  configure(patterns: readonly string[], at: number): void {
    const stated = new Set(patterns);
    for (const { pattern, configured } of this.list()) {
      if (configured && !stated.has(pattern)) this.#pins.delete(pattern);
    }
    for (const pattern of stated) {
      this.#pins.set(pattern, { at: this.#pins.get(pattern)?.at ?? at, configured: true });
    }
  }

  remove(pattern: string): boolean {
    return this.#pins.delete(pattern);
  }

  list(): Pin[] {
    return [...this.#pins]
      .map(([pattern, pin]) => ({ pattern, ...pin }))
      .toSorted((a, b) => compareBytes(a.pattern, b.pattern));
  }

  isPinned(shelf: Shelf, digest: Digest): boolean {
    const matches = imageMatcher([...this.#pins.keys()]);
    return matches !== undefined && isNamed(shelf, digest, matches);
  }
}

/** How far up is looked for a pinned tag, as SQLite's store does. */
const LEVELS = 2;

function isNamed(
  shelf: Shelf,
  digest: Digest,
  matches: (image: string) => boolean,
  level = 0,
): boolean {
  const name = displayName(shelf.repository);
  if (matches(`${name}@${digest}`)) return true;
  const tags = [...shelf.tags].filter(([, record]) => record.digest === digest);
  if (tags.some(([tag]) => matches(`${name}:${tag}`))) return true;
  if (level === LEVELS) return false;
  const indexes = [...shelf.manifests.values()].filter(({ references }) =>
    references.some((one) => one.kind === 'manifest' && one.digest === digest),
  );
  const subjects = [
    shelf.manifests.get(digest)?.subject,
    ...tags.map(([tag]) => subjectOfTag(tag)),
  ].filter((one) => one !== undefined);
  return [...indexes.map((index) => index.digest), ...subjects].some((one) =>
    isNamed(shelf, one, matches, level + 1),
  );
}
