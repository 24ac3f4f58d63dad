import { join } from 'node:path';
import { type Environment, programEnvironment, run } from './command.ts';
import { Engine } from './engine.ts';

/** dockerd on a socket and in a data root of its own, and the docker command that speaks to it. */
export class Dockerd {
  readonly #engine: Engine;
  readonly #settings: object;
  readonly #commandLine: string;
  readonly #environment: Environment;

  private constructor(directory: string, settings: object) {
    this.#engine = new Engine(directory);
    this.#settings = settings;
    this.#commandLine = join(directory, 'cli');
    // The command line's own settings (credentials, contexts) stay out of it.
    this.#environment = programEnvironment({
      DOCKER_CONFIG: this.#commandLine,
      DOCKER_BUILDKIT: '1',
    });
  }

  /** `settings`: of daemon.json, besides what keeps it apart from any other daemon of the machine. */
  static async open(directory: string, settings: object, signal: AbortSignal): Promise<Dockerd> {
    const dockerd = new Dockerd(directory, settings);
    await dockerd.start(signal);
    return dockerd;
  }

  /** Where `docker login` keeps what it was told. */
  get authFile(): string {
    return join(this.#commandLine, 'config.json');
  }

  /** Runs `docker` and gives its standard output. */
  docker(args: readonly string[], signal: AbortSignal): Promise<string> {
    const host = `unix://${this.#engine.socket}`;
    return run('docker', ['--host', host, ...args], this.#environment, signal);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { home, socket } = this.#engine;
    const settings = {
      'data-root': join(home, 'data'),
      'exec-root': join(home, 'exec'),
      pidfile: join(home, 'pid'),
      hosts: [`unix://${socket}`],
      iptables: false,
      ip6tables: false,
      'ip-forward': false,
      bridge: 'none',
      ...this.#settings,
    };
    const program = {
      name: 'dockerd',
      environment: this.#environment,
      config: JSON.stringify(settings),
      configOption: '--config-file',
      probe: () => this.docker(['version'], signal),
    };
    await this.#engine.start(program, signal);
  }

  /** Ends the daemon and forgets all that it kept. */
  close(): Promise<void> {
    return this.#engine.close();
  }
}
