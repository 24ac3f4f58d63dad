import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import { subjectOfTag } from '../../oci/referrer-tags.ts';
import { displayName } from '../../oci/repository.ts';
import type { Pin } from '../inventory-records.ts';
import { imageMatcher } from '../../oci/image-patterns.ts';
import type { Connection } from './connection.ts';
import { repositoryOf, type RepositoryRow } from './sqlite-repositories.ts';

/** A manifest that a repository holds. */
export interface Holding {
  /** The repository's id. */
  readonly repository: number;
  readonly digest: Digest;
}

interface PinRow extends Omit<Pin, 'configured'> {
  readonly configured: 0 | 1;
}

/** How far up is looked for a pinned tag: an image, its index, and an index of indexes; or a signature, its SBOM, and its image. */
const LEVELS = 2;

/** Names of one manifest, and indexes that name it, that are looked at. */
const MAX_NAMES = 1_000;

/** Pins, and the manifests that are known to be pinned. Writing inside a write only. */
export class SqlitePins {
  readonly #add: Statement<[pattern: string, at: number]>;
  readonly #find: Statement<[pattern: string]>;
  readonly #delete: Statement<[pattern: string]>;
  readonly #configure: Statement<[pattern: string, at: number]>;
  readonly #list: Statement<[], PinRow>;
  readonly #keep: Statement<[Holding]>;
  readonly #listKept: Statement<[limit: number], Holding>;
  readonly #unkeep: Statement<[Holding]>;
  readonly #repository: Statement<[id: number], RepositoryRow>;
  readonly #tags: Statement<[Holding], { name: string }>;
  readonly #indexes: Statement<[Holding], { digest: Digest }>;
  readonly #subject: Statement<[Holding], { subject: Digest | null }>;

  constructor(connection: Connection) {
    this.#add = connection.prepare(
      'INSERT INTO pins (pattern, added_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
    this.#find = connection.prepare('SELECT 1 FROM pins WHERE pattern = ?');
    this.#delete = connection.prepare('DELETE FROM pins WHERE pattern = ?');
    this.#configure = connection.prepare(`
      INSERT INTO pins (pattern, added_at, configured) VALUES (?, ?, 1)
      ON CONFLICT DO UPDATE SET configured = 1
    `);
    this.#list = connection.prepare(
      "SELECT pattern, added_at AS at, configured FROM pins WHERE pattern > '' ORDER BY pattern",
    );
    this.#keep = connection.prepare(
      'UPDATE repository_manifests SET kept = 1 WHERE repository = :repository AND digest = :digest',
    );
    this.#listKept = connection.prepare(
      'SELECT repository, digest FROM repository_manifests WHERE kept = 1 AND repository > 0 LIMIT ?',
    );
    this.#unkeep = connection.prepare(
      'UPDATE repository_manifests SET kept = 0 WHERE repository = :repository AND digest = :digest',
    );
    this.#repository = connection.prepare('SELECT upstream, name FROM repositories WHERE id = ?');
    this.#tags = connection.prepare(`
      SELECT name FROM tags INDEXED BY tags_naming
      WHERE repository = :repository AND digest = :digest LIMIT ${MAX_NAMES}
    `);
    this.#indexes = connection.prepare(`
      SELECT named.manifest AS digest FROM manifest_references AS named
      CROSS JOIN repository_manifests AS own
        ON own.repository = :repository AND own.digest = named.manifest
      WHERE named.digest = :digest AND named.kind = 'manifest' LIMIT ${MAX_NAMES}
    `);
    this.#subject = connection.prepare(
      'SELECT subject FROM repository_manifests WHERE repository = :repository AND digest = :digest',
    );
  }

  add(pattern: string, at: number): boolean {
    return this.#add.run(pattern, at).changes > 0;
  }

  /** See `InventoryRecords.removePin`. What other pins keep is found again when its turn comes. */
  remove(pattern: string, limit: number): 'absent' | 'more' | 'removed' {
    if (this.#find.get(pattern) === undefined) return 'absent';
    if (!this.#release(limit)) return 'more';
    this.#delete.run(pattern);
    return 'removed';
  }

  areConfigured(patterns: readonly string[]): boolean {
    return isSame(this.#configured(), new Set(patterns));
  }

  /** See `InventoryRecords.configurePins`. */
  configure(patterns: readonly string[], at: number, limit: number): 'more' | 'done' {
    const stated = new Set(patterns);
    const gone = [...this.#configured()].filter((pattern) => !stated.has(pattern));
    if (gone.length > 0 && !this.#release(limit)) return 'more';
    for (const pattern of gone) this.#delete.run(pattern);
    for (const pattern of stated) this.#configure.run(pattern, at);
    return 'done';
  }

  list(): Pin[] {
    return this.#list.all().map((row) => ({ ...row, configured: row.configured === 1 }));
  }

  /** Eviction need not look at it again until something changes. */
  keep(holding: Holding): void {
    this.#keep.run(holding);
  }

  /** Tells of manifests whether a pin keeps them, by the pins as they are now. */
  matcher(): (holding: Holding) => boolean {
    const isPinned = imageMatcher(this.list().map(({ pattern }) => pattern));
    if (isPinned === undefined) return () => false;
    return ({ repository, digest }) => {
      const row = this.#repository.get(repository);
      if (row === undefined) return false;
      const name = displayName(repositoryOf(row));
      let level = [digest];
      for (let up = 0; up <= LEVELS; up += 1) {
        const above: Digest[] = [];
        for (const one of level) {
          const holding = { repository, digest: one };
          const tags = this.#tags.all(holding).map((tag) => tag.name);
          const names = [`${name}@${one}`, ...tags.map((tag) => `${name}:${tag}`)];
          if (names.some(isPinned)) return true;
          above.push(...this.#owners(holding, tags));
        }
        level = above;
      }
      return false;
    };
  }

  /** Up to `limit` of what is kept has to be looked at again; false where there is more. */
  #release(limit: number): boolean {
    const kept = this.#listKept.all(limit);
    for (const holding of kept) this.#unkeep.run(holding);
    return kept.length < limit;
  }

  #configured(): ReadonlySet<string> {
    const pins = this.list().filter(({ configured }) => configured);
    return new Set(pins.map(({ pattern }) => pattern));
  }

  /** What is pinned with its parts: indexes that name the manifest, and what it refers to, by itself or by its tags. */
  #owners(holding: Holding, tags: readonly string[]): Digest[] {
    const indexes = this.#indexes.all(holding).map(({ digest }) => digest);
    const subjects = [this.#subject.get(holding)?.subject, ...tags.map(subjectOfTag)];
    return [...indexes, ...subjects.filter((one) => one !== null && one !== undefined)];
  }
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((pattern) => other.has(pattern));
}
