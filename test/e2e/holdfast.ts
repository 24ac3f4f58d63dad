import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programEnvironment } from './command.ts';
import { Daemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { htpasswd, RULES } from './logins.ts';
import { answersOk } from './probe.ts';
import { Tap } from './tap.ts';

export interface HoldfastOptions {
  /** An empty directory of its own. */
  readonly directory: string;
  /** The built entry point, as an absolute path. */
  readonly main: string;
  readonly upstreamPort: number;
  /** What is configured for both upstreams besides their address. */
  readonly upstream: Readonly<Record<string, unknown>>;
  /** With the accounts of `logins.ts`. */
  readonly accounts: boolean;
}

/**
 * A Holdfast with nothing in it, and a tap on either side: what its clients ask of it, and what it asks of
 * its upstreams. Both upstreams, `docker.io` and `quay.io`, are the same registry behind the same tap.
 */
export class Holdfast {
  readonly clientSide: Tap;
  /** In front of the port for mirrors. */
  readonly mirrorSide: Tap;
  readonly upstreamSide: Tap;
  readonly #options: HoldfastOptions;
  readonly #port: number;
  readonly #mirrorPort: number;
  #daemon: Daemon | undefined;

  private constructor(
    options: HoldfastOptions,
    ports: { readonly registry: number; readonly mirror: number },
    taps: { readonly client: Tap; readonly mirror: Tap; readonly upstream: Tap },
  ) {
    this.#options = options;
    this.#port = ports.registry;
    this.#mirrorPort = ports.mirror;
    this.clientSide = taps.client;
    this.mirrorSide = taps.mirror;
    this.upstreamSide = taps.upstream;
  }

  static async start(options: HoldfastOptions, signal: AbortSignal): Promise<Holdfast> {
    const ports = { registry: await freePort(), mirror: await freePort() };
    const client = await Tap.open(ports.registry);
    const holdfast = new Holdfast(options, ports, {
      client,
      mirror: await Tap.open(ports.mirror, client.exchanges),
      upstream: await Tap.open(options.upstreamPort),
    });
    try {
      await holdfast.#configure();
      await holdfast.launch(signal);
    } catch (error) {
      await holdfast.stop();
      throw error;
    }
    return holdfast;
  }

  /** Starts the program, with what it keeps from an earlier life. */
  async launch(signal: AbortSignal): Promise<void> {
    const { main, directory } = this.#options;
    this.#daemon = await Daemon.start(
      'holdfast',
      [process.execPath, main, 'serve', '--config', this.#configFile],
      programEnvironment(),
      join(directory, 'log'),
    );
    await this.#daemon.ready(() => answersOk(`http://127.0.0.1:${this.#port}/healthz`), signal);
  }

  /** `host:port` for clients. */
  get address(): string {
    return `127.0.0.1:${this.clientSide.port}`;
  }

  /** The same, of the port for mirrors. */
  get mirrorAddress(): string {
    return `127.0.0.1:${this.mirrorSide.port}`;
  }

  async log(): Promise<string> {
    return (await this.#daemon?.log()) ?? '';
  }

  async logTail(): Promise<string> {
    return (await this.#daemon?.logTail()) ?? '';
  }

  /** `kill -9`; `launch` starts it again. */
  async kill(): Promise<void> {
    await this.#daemon?.kill();
  }

  /** Starts again with nothing in it. */
  async forget(signal: AbortSignal): Promise<void> {
    await this.#daemon?.stop();
    await rm(this.#storage, { recursive: true });
    await this.launch(signal);
  }

  /** Ends it, and the taps; throws if it had to be killed. */
  async stop(): Promise<void> {
    const ended = (await this.#daemon?.stop()) ?? true;
    await this.clientSide.stop();
    await this.mirrorSide.stop();
    await this.upstreamSide.stop();
    if (!ended) throw new Error('did not end on SIGTERM');
  }

  async #configure(): Promise<void> {
    const { directory } = this.#options;
    const url = `http://127.0.0.1:${this.upstreamSide.port}`;
    const upstream = { ...this.#options.upstream, url };
    await mkdir(directory, { recursive: true });
    await writeFile(this.#htpasswd, htpasswd());
    const auth = { htpasswd: this.#htpasswd, rules: RULES };
    const config = {
      listen: { host: '127.0.0.1', port: this.#port, mirrorPort: this.#mirrorPort },
      storage: { dir: this.#storage },
      upstreams: { 'docker.io': upstream, 'quay.io': upstream },
      ...(this.#options.accounts && { auth, log: { level: 'trace' } }),
    };
    await writeFile(this.#configFile, JSON.stringify(config));
  }

  get #storage(): string {
    return join(this.#options.directory, 'storage');
  }

  get #htpasswd(): string {
    return join(this.#options.directory, 'htpasswd');
  }

  get #configFile(): string {
    return join(this.#options.directory, 'config.json');
  }
}
