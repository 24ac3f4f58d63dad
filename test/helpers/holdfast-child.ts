/** A Holdfast in a process of its own, so that a test can kill it at any moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { cleanUp } from './clean-up.ts';
import type { HoldfastOptions } from './holdfast.ts';
import { program } from './program.ts';

export class HoldfastChild {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Resolves when it listens; it is killed with the test, if not before. */
  static async start(t: TestContext, options: HoldfastOptions): Promise<HoldfastChild> {
    const [node, ...words] = program('test/helpers/children/holdfast.ts');
    const child = spawn(node, [...words, JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const exit = once(child, 'exit');
    cleanUp(t, async () => {
      child.kill('SIGKILL');
      await exit;
    });
    const ended = exit.then(() => {
      throw new Error('the child ended before it listened');
    });
    const [url] = (await Promise.race([once(child, 'message'), ended])) as [string];
    ended.catch(() => undefined);
    return new HoldfastChild(url, child);
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
