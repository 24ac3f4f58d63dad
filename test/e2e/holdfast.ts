import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programEnvironment } from './command.ts';
import { Daemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { answersOk } from './probe.ts';
import { Tap } from './tap.ts';

export interface HoldfastOptions {
  /** An empty directory of its own. */
  readonly directory: string;
  /** The built entry point, as an absolute path. */
  readonly main: string;
  readonly upstreamPort: number;
  /** `tags` of both upstreams, where it is not the default. */
  readonly tags?: Readonly<Record<string, unknown>>;
}

/**
 * A Holdfast with nothing in it, and a tap on either side: what its clients ask of it, and what it asks of
 * its upstreams. Both upstreams, `docker.io` and `quay.io`, are the same registry behind the same tap.
 */
export class Holdfast {
  readonly clientSide: Tap;
  readonly upstreamSide: Tap;
  readonly #daemon: Daemon;

  private constructor(clientSide: Tap, upstreamSide: Tap, daemon: Daemon) {
    this.clientSide = clientSide;
    this.upstreamSide = upstreamSide;
    this.#daemon = daemon;
  }

  static async start(options: HoldfastOptions, signal: AbortSignal): Promise<Holdfast> {
    const { directory, main, tags } = options;
    await mkdir(directory, { recursive: true });
    const port = await freePort();
    const upstreamSide = await Tap.open(options.upstreamPort);
    const clientSide = await Tap.open(port);
    const upstream = { url: `http://127.0.0.1:${upstreamSide.port}`, ...(tags && { tags }) };
    const config = join(directory, 'config.json');
    const settings = {
      listen: { host: '127.0.0.1', port },
      storage: { dir: join(directory, 'storage') },
      upstreams: { 'docker.io': upstream, 'quay.io': upstream },
    };
    await writeFile(config, JSON.stringify(settings));
    const daemon = await Daemon.start(
      'holdfast',
      [process.execPath, main, 'serve', '--config', config],
      programEnvironment(),
      join(directory, 'log'),
    );
    const holdfast = new Holdfast(clientSide, upstreamSide, daemon);
    try {
      await daemon.ready(() => answersOk(`http://127.0.0.1:${port}/v2/`), signal);
    } catch (error) {
      await holdfast.stop();
      throw error;
    }
    return holdfast;
  }

  /** `host:port` for clients. */
  get address(): string {
    return `127.0.0.1:${this.clientSide.port}`;
  }

  logTail(): Promise<string> {
    return this.#daemon.logTail();
  }

  /** Ends it; false if it had to be killed. */
  async stop(): Promise<boolean> {
    const ended = await this.#daemon.stop();
    await this.clientSide.stop();
    await this.upstreamSide.stop();
    return ended;
  }
}
