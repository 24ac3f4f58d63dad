import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, programEnvironment, run, succeeds } from './command.ts';
import { Daemon } from './daemon.ts';
import { removeTree } from './mounts.ts';

/** dockerd on a socket and in a data root of its own, and the docker command that speaks to it. */
export class Dockerd {
  readonly #directory: string;
  readonly #settings: object;
  readonly #environment: Environment;
  #daemon: Daemon | undefined;

  private constructor(directory: string, settings: object) {
    this.#directory = directory;
    this.#settings = settings;
    // The command line's own settings (credentials, contexts) stay out of it.
    this.#environment = programEnvironment({
      DOCKER_CONFIG: join(directory, 'cli'),
      DOCKER_BUILDKIT: '1',
    });
  }

  /** `settings`: of daemon.json, besides what keeps it apart from any other daemon of the machine. */
  static async open(directory: string, settings: object, signal: AbortSignal): Promise<Dockerd> {
    const dockerd = new Dockerd(directory, settings);
    try {
      await dockerd.start(signal);
    } catch (error) {
      await dockerd.close();
      throw error;
    }
    return dockerd;
  }

  /** Where `docker login` keeps what it was told. */
  get authFile(): string {
    return join(this.#directory, 'cli/config.json');
  }

  /** Runs `docker` and gives its standard output. */
  docker(args: readonly string[], signal: AbortSignal): Promise<string> {
    return run('docker', ['--host', `unix://${this.#socket}`, ...args], this.#environment, signal);
  }

  async start(signal: AbortSignal): Promise<void> {
    await mkdir(this.#home, { recursive: true });
    const config = join(this.#directory, 'daemon.json');
    const settings = {
      'data-root': join(this.#home, 'data'),
      'exec-root': join(this.#home, 'exec'),
      pidfile: join(this.#home, 'pid'),
      hosts: [`unix://${this.#socket}`],
      iptables: false,
      ip6tables: false,
      'ip-forward': false,
      bridge: 'none',
      ...this.#settings,
    };
    await writeFile(config, JSON.stringify(settings));
    this.#daemon = await Daemon.start(
      'dockerd',
      ['dockerd', '--config-file', config],
      this.#environment,
      join(this.#directory, 'log'),
    );
    await this.#daemon.ready(() => succeeds(this.docker(['version'], signal)), signal);
  }

  /** Ends the daemon and forgets all that it kept. */
  async close(): Promise<void> {
    await this.#daemon?.stop();
    await removeTree(this.#home);
  }

  get #home(): string {
    return join(this.#directory, 'home');
  }

  get #socket(): string {
    return join(this.#home, 'socket');
  }
}
