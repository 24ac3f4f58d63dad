import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Options } from './options.ts';

/** Where one row plays: a temporary directory, and everything that has to be ended afterwards. */
export class Stage {
  readonly options: Options;
  readonly dir: string;
  readonly #cleanUp: (() => Promise<void>)[] = [];
  #directories = 0;

  private constructor(options: Options, dir: string) {
    this.options = options;
    this.dir = dir;
  }

  static async open(options: Options): Promise<Stage> {
    return new Stage(options, await mkdtemp(join(options.dir ?? tmpdir(), 'holdfast-bench-')));
  }

  /** A new, empty directory. */
  async directory(name: string): Promise<string> {
    this.#directories += 1;
    const dir = join(this.dir, `${this.#directories}-${name}`);
    await mkdir(dir);
    return dir;
  }

  /** Runs `end` when the stage is closed; what was begun last is ended first. */
  defer(end: () => Promise<void>): void {
    this.#cleanUp.push(end);
  }

  async close(): Promise<void> {
    for (const end of this.#cleanUp.splice(0).toReversed()) await end();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Waits until what earlier measurements have written is on the disk, so that it does not slow down the next one. */
export async function settleDisk(): Promise<void> {
  await promisify(execFile)('sync');
}
