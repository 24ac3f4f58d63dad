/** `import` and `export`, in this process or in one of their own, and what they leave behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { run } from '../../src/cli/run.ts';
import { startHoldfast, temporaryDirectory } from '../helpers/mirror.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { environment, HOLDFAST } from './process.ts';

export interface Outcome {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

export class ArchiveCommands {
  readonly folder: string;
  readonly #server: string;

  private constructor(folder: string, server: string) {
    this.folder = folder;
    this.#server = server;
  }

  /** Commands that speak to `holdfast` unless they are told otherwise. */
  static async for(t: TestContext, holdfast: Holdfast): Promise<ArchiveCommands> {
    const folder = await temporaryDirectory(t);
    await mkdir(join(folder, 'tmp'));
    return new ArchiveCommands(folder, holdfast.url);
  }

  /** In this process, which is quicker; what it writes to stdout is what is printed, not what is exported. */
  async run(args: readonly string[], input: Buffer = Buffer.alloc(0)): Promise<Outcome> {
    let out = '';
    let err = '';
    const code = await run(args, {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      environment: { HOLDFAST_SERVER: this.#server },
      columns: undefined,
      drawing: undefined,
      input: Readable.from([input]),
    });
    return { code, out: Buffer.from(out), err };
  }

  /** In a process of its own, with a temporary folder of its own. */
  async spawn(args: readonly string[], input: Buffer = Buffer.alloc(0)): Promise<Outcome> {
    const [program, ...words] = HOLDFAST;
    const child = spawn(program, [...words, ...args], {
      env: environment({ HOLDFAST_SERVER: this.#server, TMPDIR: join(this.folder, 'tmp') }),
      stdio: 'pipe',
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const ended = once(child, 'close') as Promise<[number | null]>;
    const [out, err, [code]] = await Promise.all([
      buffer(child.stdout),
      buffer(child.stderr),
      ended,
    ]);
    return { code, out, err: err.toString() };
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Exports to a file; the bytes of it. */
  async export(...args: string[]): Promise<{ readonly tar: Buffer; readonly err: string }> {
    const file = this.path(`${randomUUID()}.tar`);
    const { code, err } = await this.run(['export', ...args, '-o', file]);
    assert.equal(code, 0, err);
    return { tar: await readFile(file), err };
  }

  async write(name: string, content: Buffer): Promise<string> {
    await writeFile(this.path(name), content);
    return this.path(name);
  }

  /** What `spawn` has left in the temporary folder; where tsx runs the tests, it keeps its cache there, too. */
  async leftovers(): Promise<readonly string[]> {
    const names = await readdir(join(this.folder, 'tmp'));
    return names.filter((name) => !name.startsWith('tsx-') && name !== 'node-compile-cache');
  }
}

/** A registry for pushes alone. */
export function startHosted(t: TestContext): Promise<Holdfast> {
  return startHoldfast(t, {});
}
