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

/** More than one measurement writes. */
const MEMORY = '3G';

/**
 * Gives every contender the same machine: what earlier measurements have written is on the disk, and there is free memory
 * that has been in use just now. A virtual machine hands idle memory back to its host, and whoever uses it first pays
 * for getting it again: 2 CPU-seconds per GB were seen, more than the writing itself.
 */
export async function settleMachine(): Promise<void> {
  const run = promisify(execFile);
  await run('sync');
  await run('dd', ['if=/dev/zero', 'of=/dev/null', `bs=${MEMORY}`, 'count=1', 'iflag=fullblock']);
}
