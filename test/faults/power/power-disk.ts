/**
 * A disk without favours: a name is safe once its directory was synced, a byte once its file was. Everything else may
 * or may not survive, each on its own. File systems that do more (one journal for all names) are all within that.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Random } from '../random.ts';
import type { TraceEvent } from './trace.ts';

/** What a disk tears a write into. */
const SECTOR = 4096;

interface Change {
  readonly at: number;
  /** Undefined: the file ends here. */
  readonly bytes: Buffer | undefined;
}

class File {
  /** What is safe. */
  synced: Buffer = Buffer.alloc(0);
  /** What was done since, in order. */
  pending: Change[] = [];
  #syncing = 0;

  get size(): number {
    return this.pending.reduce(
      (size, { at, bytes }) => (bytes === undefined ? at : Math.max(size, at + bytes.length)),
      this.synced.length,
    );
  }

  beginSync(): void {
    this.#syncing = this.pending.length;
  }

  endSync(): void {
    for (const change of this.pending.splice(0, this.#syncing))
      this.synced = applied(this.synced, change);
    this.#syncing = 0;
  }

  /** What survives: all that is safe, and of the rest what `survives` picks. */
  survivors(survives: Survives): Buffer {
    let content = this.synced;
    for (const { at, bytes } of this.pending) {
      if (bytes === undefined) {
        if (survives('bytes')) content = applied(content, { at, bytes });
        continue;
      }
      for (let from = 0; from < bytes.length; from += SECTOR) {
        if (!survives('bytes')) continue;
        content = applied(content, { at: at + from, bytes: bytes.subarray(from, from + SECTOR) });
      }
    }
    return content;
  }
}

function applied(content: Buffer, { at, bytes }: Change): Buffer {
  if (bytes === undefined) {
    return at <= content.length ? content.subarray(0, at) : grown(content, at);
  }
  const changed = grown(content, Math.max(content.length, at + bytes.length));
  bytes.copy(changed, at);
  return changed;
}

function grown(content: Buffer, size: number): Buffer {
  const larger = Buffer.alloc(size);
  content.copy(larger);
  return larger;
}

/** A name in a directory comes or goes. */
interface Naming {
  readonly path: string;
  /** Undefined: the name goes. */
  readonly node: File | 'directory' | undefined;
  safe: boolean;
  /** The old name of what was renamed only goes once the new one is there. */
  readonly after: Naming | undefined;
}

export class PowerDisk {
  readonly #names = new Map<string, File | 'directory'>();
  readonly #history: Naming[] = [];
  readonly #syncing = new Map<string, number>();

  apply(event: TraceEvent): void {
    switch (event.kind) {
      case 'open': {
        const file = this.#names.get(event.path);
        if (file === undefined) this.#name(event.path, new File());
        else if (event.truncates) this.#file(event.path).pending.push({ at: 0, bytes: undefined });
        return;
      }
      case 'write': {
        const file = this.#file(event.path);
        file.pending.push({ at: event.at ?? file.size, bytes: event.bytes });
        return;
      }
      case 'truncate':
        this.#file(event.path).pending.push({ at: event.size, bytes: undefined });
        return;
      case 'sync begins':
        if (this.#isDirectory(event.path)) this.#syncing.set(event.path, this.#history.length);
        else this.#file(event.path).beginSync();
        return;
      case 'sync ends':
        if (this.#isDirectory(event.path)) this.#endDirectorySync(event.path);
        else this.#file(event.path).endSync();
        return;
      case 'rename': {
        const node = this.#names.get(event.from);
        if (node === undefined) throw new Error(`${event.from} is not there to be renamed`);
        this.#name(event.from, undefined, this.#name(event.to, node));
        return;
      }
      case 'remove':
        this.#name(event.path, undefined);
        return;
      case 'make directory':
        this.#name(event.path, 'directory');
        return;
      case 'answer':
        return;
    }
  }

  /** Writes what a power loss leaves now into an empty directory: `survives` is asked about everything that is not safe. */
  async leave(dir: string, survives: Survives): Promise<void> {
    const names = new Map<string, File | 'directory'>();
    const happened = new Set<Naming>();
    for (const naming of this.#history) {
      const { path, node, safe, after } = naming;
      if (after !== undefined && !happened.has(after)) continue;
      if (!safe && !survives('name')) continue;
      happened.add(naming);
      if (node === undefined) names.delete(path);
      else names.set(path, node);
    }
    for (const [path, node] of names) {
      // What lies in a directory that is lost is lost.
      if (!isReachable(path, names)) continue;
      if (node === 'directory') await mkdir(join(dir, path));
      else await writeFile(join(dir, path), node.survivors(survives));
    }
  }

  #name(path: string, node: File | 'directory' | undefined, after?: Naming): Naming {
    const naming = { path, node, safe: false, after };
    this.#history.push(naming);
    if (node === undefined) this.#names.delete(path);
    else this.#names.set(path, node);
    return naming;
  }

  #endDirectorySync(dir: string): void {
    const until = this.#syncing.get(dir) ?? 0;
    for (const naming of this.#history.slice(0, until)) {
      if (parent(naming.path) !== dir) continue;
      naming.safe = true;
      // One cannot be there without the other.
      if (naming.after !== undefined) naming.after.safe = true;
    }
  }

  #isDirectory(path: string): boolean {
    return path === '' || this.#names.get(path) === 'directory';
  }

  #file(path: string): File {
    const node = this.#names.get(path);
    if (!(node instanceof File)) throw new Error(`${path} is no file`);
    return node;
  }
}

function parent(path: string): string {
  const dir = dirname(path);
  return dir === '.' ? '' : dir;
}

function isReachable(path: string, names: ReadonlyMap<string, unknown>): boolean {
  const dir = parent(path);
  return dir === '' || (names.has(dir) && isReachable(dir, names));
}

/** Whether something that is not safe survives. */
export type Survives = (what: 'name' | 'bytes') => boolean;

/** The ways in which the rest may go. */
export function powerLosses(random: Random): Readonly<Record<string, Survives>> {
  return {
    'nothing survives that was not synced': () => false,
    // As on a file system that journals names alone.
    'names survive, bytes do not': (what) => what === 'name',
    'some of it survives': () => random.chance(0.5),
  };
}
