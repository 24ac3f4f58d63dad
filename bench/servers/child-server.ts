import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { rawGet } from '../clients/raw-get.ts';
import type { Stage } from '../stage.ts';
import { cpuSeconds } from './cpu-seconds.ts';

/** Generous: a loaded machine starts slowly, and a server that hangs should still be noticed. */
const START_MS = 30_000;
const STOP_MS = 10_000;
/** Fine enough to time a start by. */
const POLL_MS = 2;

export interface ChildServerOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly port: number;
  /** A file: what it says, its access log too. */
  readonly log: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A server in a process of its own. It is ended with the stage at the latest. */
export class ChildServer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** From its start to its first answer. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(
    name: string,
    port: number,
    pid: number,
    child: ChildProcess,
    startMs: number,
  ) {
    this.name = name;
    this.port = port;
    this.pid = pid;
    this.#child = child;
    this.startMs = startMs;
  }

  /** Resolves when it answers 200 to `GET /v2/`. */
  static async start(stage: Stage, options: ChildServerOptions): Promise<ChildServer> {
    const { name, command, port, environment } = options;
    const log = await open(options.log, 'a');
    const [file, ...args] = command;
    const began = performance.now();
    const child = spawn(file, args, {
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...environment },
    });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${name} ended with code ${code}`)));
    });
    failed.catch(() => undefined);
    try {
      const deadline = AbortSignal.timeout(START_MS);
      await Promise.race([failed, answers(port, deadline)]);
      const startMs = performance.now() - began;
      if (child.pid === undefined) throw new Error(`${name} has no process id`);
      const server = new ChildServer(name, port, child.pid, child, startMs);
      stage.defer(() => server.stop());
      return server;
    } catch (cause) {
      child.kill('SIGKILL');
      const said = await readFile(options.log, 'utf8');
      throw new Error(`${name} did not start; it said:\n${said.slice(-2000)}`, { cause });
    } finally {
      await log.close();
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Of the process and its children, since their start. */
  cpuSeconds(): Promise<number> {
    return cpuSeconds(this.pid);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(timer);
  }
}

async function answers(port: number, deadline: AbortSignal): Promise<void> {
  for (;;) {
    deadline.throwIfAborted();
    try {
      await rawGet(port, '/v2/');
      return;
    } catch {
      // Nobody listens yet.
    }
    await sleep(POLL_MS);
  }
}
