import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { program } from '../helpers/program.ts';

/** A process of its own that can be killed for real, and what it says line by line. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** It does not outlive its test. `shell`: run before it in the same process, for limits. */
  constructor(t: TestContext, script: string, args: readonly string[], shell = ':') {
    const command = [...program(`test/store/children/${script}`), ...args];
    this.#process = spawn('sh', ['-c', `${shell}; exec "$@"`, 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => this.#process.kill('SIGKILL'));
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('the child has no output');
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
  }

  /** The next line that it says; undefined when it has said everything. */
  async line(): Promise<string | undefined> {
    const result = await this.#lines.next();
    return result.done === true ? undefined : result.value;
  }

  /** What it had said before it died. */
  async kill(): Promise<string[]> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    const rest: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line())
      rest.push(line);
    await ended;
    return rest;
  }
}
