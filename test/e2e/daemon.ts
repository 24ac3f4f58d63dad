import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './command.ts';

/** dockerd, the slowest, is up after half a second on two cores; a loaded machine gets plenty. */
const READY_LIMIT_MS = 30_000;
const PROBE_INTERVAL_MS = 50;
/** dockerd takes a second or two to end; what is still there after this is killed. */
const STOP_LIMIT_MS = 15_000;
const LOG_TAIL_LINES = 40;

/** A server that is started here, logs to a file and is ended by its own process id. */
export class Daemon {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #logFile: string;

  private constructor(name: string, child: ChildProcess, logFile: string) {
    this.name = name;
    this.#child = child;
    this.#logFile = logFile;
    this.#exited = once(child, 'exit');
  }

  static async start(
    name: string,
    [program, ...args]: readonly [string, ...string[]],
    environment: Environment,
    logFile: string,
  ): Promise<Daemon> {
    const log = await open(logFile, 'a');
    try {
      const child = spawn(program, args, {
        env: { ...environment },
        stdio: ['ignore', log.fd, log.fd],
      });
      await once(child, 'spawn');
      return new Daemon(name, child, logFile);
    } finally {
      await log.close();
    }
  }

  /** Resolves once `probe` holds; throws with the end of the log where the server ends first or never gets there. */
  async ready(probe: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + READY_LIMIT_MS;
    while (!(await probe())) {
      if (!this.#running)
        throw new Error(`${this.name} ended at its start\n${await this.logTail()}`);
      if (Date.now() > deadline) {
        throw new Error(`${this.name} was not ready in time\n${await this.logTail()}`);
      }
      await sleep(PROBE_INTERVAL_MS, undefined, { signal });
    }
  }

  /** Asks the process to end, waits, and kills it where it does not. True if it ended by itself. */
  async stop(): Promise<boolean> {
    if (!this.#running) return true;
    this.#child.kill('SIGTERM');
    const limit = new AbortController();
    const tooLong = sleep(STOP_LIMIT_MS, 'late', { signal: limit.signal }).catch(() => 'late');
    const ended = (await Promise.race([this.#exited, tooLong])) !== 'late';
    limit.abort();
    if (!ended) await this.kill();
    return ended;
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (!this.#running) return;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** All that it has logged. */
  log(): Promise<string> {
    return readFile(this.#logFile, 'utf8');
  }

  async logTail(): Promise<string> {
    const lines = (await this.log()).trimEnd().split('\n');
    return lines.slice(-LOG_TAIL_LINES).join('\n');
  }

  get #running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}
