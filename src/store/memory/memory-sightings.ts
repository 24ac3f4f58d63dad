import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { displayName, type Repository } from '../../oci/repository.ts';
import { MAX_WAITING_TAGS, type SeenTag, type TagSighting } from '../tag-sightings.ts';

export class MemorySightings {
  readonly #byTag = new Map<string, TagSighting>();

  find(repository: Repository, tag: Tag): TagSighting | undefined {
    return this.#byTag.get(keyOf(repository, tag));
  }

  record(repository: Repository, tag: Tag, { digest, at, taken }: SeenTag): TagSighting {
    const before = this.find(repository, tag);
    const since = before?.digest === digest ? Math.min(before.since, at) : at;
    const kept = taken ?? before?.taken;
    const sighting = { digest, since, ...(kept !== undefined && { taken: kept }) };
    this.#byTag.set(keyOf(repository, tag), sighting);
    this.#dropOldest();
    return sighting;
  }

  untakeTag(repository: Repository, tag: Tag): void {
    this.#untake(keyOf(repository, tag));
  }

  untakeDigest(repository: Repository, digest: Digest): void {
    for (const [key, { taken }] of this.#byTag) {
      if (taken === digest && key.startsWith(keyOf(repository))) this.#untake(key);
    }
  }

  #untake(key: string): void {
    const sighting = this.#byTag.get(key);
    if (sighting) this.#byTag.set(key, { digest: sighting.digest, since: sighting.since });
  }

  #dropOldest(): void {
    const waiting = [...this.#byTag].filter(([, { taken }]) => taken === undefined);
    const oldest = waiting.toSorted(([, a], [, b]) => b.since - a.since).slice(MAX_WAITING_TAGS);
    for (const [key] of oldest) this.#byTag.delete(key);
  }
}

function keyOf(repository: Repository, tag = ''): string {
  return `${repository.kind} ${displayName(repository)}:${tag}`;
}
