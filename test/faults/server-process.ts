/** The real program in a process of its own: what it is asked over sockets is answered by what users run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Program, program } from '../helpers/program.ts';

/** Run by the tests, which need no build. */
export const SOURCE_MAIN = program('src/main.ts');
/** Run by hand, after `npm run build`. */
export const BUILT_MAIN = join(import.meta.dirname, '../../dist/main.js');

/** Level of a warning in the log. */
const WARN = 40;

export interface ServerOptions {
  /** Where the configuration file goes; the content goes into `cache` below it. */
  readonly dir: string;
  /** On top of a hosted-only configuration on a free port. */
  readonly config?: object;
  readonly main?: Program;
  /** What the program is started with, such as a tracer or a limit. */
  readonly wrapper?: readonly string[];
}

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly port?: number;
  readonly path?: string;
  readonly err?: { readonly message?: string };
}

export class ServerProcess {
  /** From the spawn to the line that says where it listens; ms. */
  readonly bootMs: number;
  readonly port: number;
  /** Warnings and failures that it logged, and whatever it wrote that is no log line. */
  readonly complaints: string[];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, exited: Promise<unknown>, boot: Boot) {
    this.#child = child;
    this.#exited = exited;
    this.port = boot.port;
    this.bootMs = boot.ms;
    this.complaints = boot.complaints;
  }

  /** Resolves when it listens; rejects with what it said where it ended before. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const { dir, main = SOURCE_MAIN, wrapper = [] } = options;
    const file = join(dir, 'config.json');
    const listen = { host: '127.0.0.1', port: 0 };
    const storage = { dir: join(dir, 'cache') };
    const basis = { listen, storage, upstreams: {}, defaultUpstream: null };
    await writeFile(file, JSON.stringify({ ...basis, ...options.config }));
    const words = [...wrapper, ...main, 'serve', '--config', file] as const;
    const [command, ...args] = words;
    const began = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'exit');
    const boot = await listening(child, began);
    return new ServerProcess(child, exited, boot);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM; resolves when it has ended by itself. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }

  /** Resident memory now and at most so far; bytes (Linux). */
  async memory(): Promise<{ readonly now: number; readonly peak: number }> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
    return { now: field('VmRSS'), peak: field('VmHWM') };
  }
}

interface Boot {
  readonly port: number;
  readonly ms: number;
  readonly complaints: string[];
}

function listening(child: ChildProcess, began: number): Promise<Boot> {
  const { stderr } = child;
  if (stderr === null) throw new Error('the server has no log');
  const complaints: string[] = [];
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stderr });
    lines.on('line', (line) => {
      const entry = parse(line);
      if (entry === undefined || entry.level >= WARN) complaints.push(line);
      if (entry?.msg !== 'ready' || entry.port === undefined) return;
      resolve({ port: entry.port, ms: performance.now() - began, complaints });
    });
    lines.once('close', () => {
      reject(new Error(`the server ended before it was ready: ${complaints.join('\n')}`));
    });
    child.once('error', reject);
  });
}

function parse(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
