import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, programEnvironment, run, succeeds } from './command.ts';
import { Daemon } from './daemon.ts';
import { removeTree } from './mounts.ts';

/** containerd on a socket and in folders of its own, and the ctr command that speaks to it. */
export class ContainerdDaemon {
  readonly #directory: string;
  readonly #environment: Environment = programEnvironment();
  #daemon: Daemon | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string, signal: AbortSignal): Promise<ContainerdDaemon> {
    const containerd = new ContainerdDaemon(directory);
    try {
      await containerd.start(signal);
    } catch (error) {
      await containerd.close();
      throw error;
    }
    return containerd;
  }

  /** Runs `ctr` and gives its standard output. */
  ctr(args: readonly string[], signal: AbortSignal): Promise<string> {
    return run('ctr', ['--address', this.#socket, ...args], this.#environment, signal);
  }

  async start(signal: AbortSignal): Promise<void> {
    await mkdir(this.#home, { recursive: true });
    const config = join(this.#directory, 'config.toml');
    await writeFile(
      config,
      `version = 2
root = "${this.#home}/root"
state = "${this.#home}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${this.#socket}"
[ttrpc]
  address = "${this.#socket}.ttrpc"
`,
    );
    this.#daemon = await Daemon.start(
      'containerd',
      ['containerd', '--config', config],
      this.#environment,
      join(this.#directory, 'log'),
    );
    await this.#daemon.ready(() => succeeds(this.ctr(['version'], signal)), signal);
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
