import { randomBytes } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { isFull } from '../disk-errors.ts';

/** What some hundred evictions write before the first of them has given back any room. */
const SIZE = 4 * 1024 * 1024;

/** More than most transactions write. */
const TRIAL = 1024 * 1024;

/**
 * Some room that is kept for making room: on a full disk not even a deletion can be written down, so nothing could
 * ever be evicted. A file is kept that can be given up then. Synchronous, as everything around a transaction is.
 */
export class Reserve {
  readonly #file: string;
  #kept: boolean;

  constructor(file: string) {
    this.#file = file;
    this.#kept = statSync(file, { throwIfNoEntry: false })?.size === SIZE;
  }

  /** Keeps the room again, where there is any. */
  keep(): void {
    if (this.#kept) return;
    try {
      // Zeros would take no room where the file system compresses.
      writeFileSync(this.#file, randomBytes(SIZE), { mode: 0o600 });
      this.#kept = true;
    } catch {
      // Not now: a half reserve only takes room from others.
      rmSync(this.#file, { force: true });
    }
  }

  /** Whether the disk takes no more, found out by trying. */
  isDiskFull(): boolean {
    const trial = `${this.#file}-trial`;
    try {
      writeFileSync(trial, randomBytes(TRIAL), { mode: 0o600 });
      return false;
    } catch (error) {
      return isFull(error);
    } finally {
      rmSync(trial, { force: true });
    }
  }

  /** Gives the room up; false where there is none. */
  spend(): boolean {
    if (!this.#kept) return false;
    // An operator who needed room may have given it up already.
    rmSync(this.#file, { force: true });
    this.#kept = false;
    return true;
  }
}
