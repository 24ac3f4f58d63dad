import { programEnvironment, run } from './command.ts';
import { Engine } from './engine.ts';

const ENVIRONMENT = programEnvironment();

/** containerd on a socket and in folders of its own, and the ctr command that speaks to it. */
export class ContainerdDaemon {
  readonly #engine: Engine;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  static async open(directory: string, signal: AbortSignal): Promise<ContainerdDaemon> {
    const containerd = new ContainerdDaemon(new Engine(directory));
    await containerd.start(signal);
    return containerd;
  }

  /** Runs `ctr` and gives its standard output. */
  ctr(args: readonly string[], signal: AbortSignal): Promise<string> {
    return run('ctr', ['--address', this.#engine.socket, ...args], ENVIRONMENT, signal);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { home, socket } = this.#engine;
    const config = `version = 2
root = "${home}/root"
state = "${home}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
`;
    const program = {
      name: 'containerd',
      environment: ENVIRONMENT,
      config,
      configOption: '--config',
      probe: () => this.ctr(['version'], signal),
    };
    await this.#engine.start(program, signal);
  }

  /** Ends the daemon and forgets all that it kept. */
  close(): Promise<void> {
    return this.#engine.close();
  }
}
