/** A whole Holdfast in this process, on a free port and in a directory of its own, in front of fake upstreams. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningApp, startApp } from '../../src/app.ts';
import type { Clock } from '../../src/clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { Upkeep } from '../../src/maintenance/upkeep.ts';
import type { ConnectionLimits } from '../../src/http/connection-limits.ts';
import { createLogger } from '../../src/observe/log.ts';

/** A clock that a test moves forward; it runs by itself too, so that nothing that waits for it hangs. */
export class TestClock implements Clock {
  #ahead = 0;
  #stopped: number | undefined;

  now(): number {
    return (this.#stopped ?? Date.now()) + this.#ahead;
  }

  /** From now on time passes by `advance` alone. */
  stop(): void {
    this.#stopped ??= Date.now();
  }

  /** Moves on by `ms`. */
  advance(ms: number): void {
    this.#ahead += ms;
  }
}

export interface HoldfastOptions {
  /** Upstream name → URL. The first one is the default upstream; none: hosted only. */
  readonly upstreams?: Readonly<Record<string, string>>;
  /** Settings for each of the upstreams. */
  readonly upstream?: object;
  /** Top-level settings. */
  readonly config?: object;
  /** How long connections may take. */
  readonly limits?: ConnectionLimits;
  /** A directory to go on with; it is left in place. */
  readonly dir?: string;
  /** The folder of the built page. */
  readonly page?: string;
}

export class Holdfast {
  readonly url: string;
  readonly dir: string;
  readonly clock: TestClock;
  readonly #app: RunningApp;
  readonly #ownsDir: boolean;
  #closed = false;

  private constructor(app: RunningApp, dir: string, clock: TestClock, ownsDir: boolean) {
    this.#app = app;
    this.dir = dir;
    this.clock = clock;
    this.#ownsDir = ownsDir;
    this.url = `http://127.0.0.1:${app.address.port}`;
  }

  static async start(options: HoldfastOptions = {}): Promise<Holdfast> {
    const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'holdfast-test-')));
    const urls = options.upstreams ?? {};
    const config = configSchema({}).parse({
      listen: { host: '127.0.0.1', port: 0 },
      storage: { dir },
      defaultUpstream: Object.keys(urls)[0] ?? null,
      upstreams: Object.fromEntries(
        Object.entries(urls).map(([name, url]) => [name, { url, ...options.upstream }]),
      ),
      ...options.config,
    });
    const clock = new TestClock();
    const log = createLogger(process.env['TEST_LOG'] === undefined ? 'silent' : 'debug');
    const { limits, page } = options;
    const app = await startApp(config, {
      log,
      clock,
      ...(limits && { limits }),
      ...(page !== undefined && { page }),
    });
    return new Holdfast(app, dir, clock, options.dir === undefined);
  }

  get port(): number {
    return this.#app.address.port;
  }

  /** The server at `listen.mirrorPort`. */
  get mirrorUrl(): string {
    return `http://127.0.0.1:${this.#app.mirrorPort ?? 0}`;
  }

  /** Its upkeep, to be run at once instead of when its time comes. */
  get upkeep(): Upkeep {
    return this.#app.upkeep;
  }

  /** Hosted repositories that no name leads to any more. */
  shadowed(): Promise<readonly string[]> {
    return this.#app.shadowed();
  }

  /** A request to a path of this server. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, { redirect: 'manual', ...init });
  }

  /** Ends it; a directory of its own is removed. */
  async close(graceMs = 0): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#app.close(graceMs);
    if (this.#ownsDir) await rm(this.dir, { recursive: true, force: true });
  }
}
