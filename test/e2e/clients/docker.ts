import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ClientKind, Pulled } from '../client.ts';
import { type Environment, programEnvironment, run, succeeds } from '../command.ts';
import { Daemon } from '../daemon.ts';
import { removeTree } from '../mounts.ts';

/** dockerd with `registry-mirrors`, on a socket and in a data root of its own. */
export const docker: ClientKind = {
  name: 'docker',
  version: async (signal) =>
    (await run('dockerd', ['--version'], programEnvironment(), signal)).trim(),
  start: (directory, address, signal) => Docker.open(directory, address, signal),
};

interface Inspected {
  readonly Id: string;
  readonly RepoDigests: readonly string[];
}

class Docker implements Client {
  readonly platforms = 'host';
  /** `registry-mirrors` are asked for docker.io alone. */
  readonly mirrorsAnyOrigin = false;
  readonly #directory: string;
  readonly #address: string;
  readonly #environment: Environment;
  #daemon: Daemon | undefined;

  private constructor(directory: string, address: string) {
    this.#directory = directory;
    this.#address = address;
    // The command line's own settings (credentials, contexts) stay out of it.
    this.#environment = programEnvironment({
      DOCKER_CONFIG: join(directory, 'cli'),
      DOCKER_BUILDKIT: '1',
    });
  }

  static async open(directory: string, address: string, signal: AbortSignal): Promise<Docker> {
    const client = new Docker(directory, address);
    try {
      await client.#start(signal);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  async pull(name: string, signal: AbortSignal): Promise<Pulled> {
    await this.#docker(['pull', '--quiet', name], signal);
    const text = await this.#docker(['image', 'inspect', name], signal);
    const [image] = JSON.parse(text) as Inspected[];
    if (image === undefined) throw new Error(`docker does not know ${name}`);
    const manifests = image.RepoDigests.map((known) => known.slice(known.indexOf('@') + 1));
    return { manifests, config: image.Id };
  }

  async push(name: string, to: string, signal: AbortSignal): Promise<string> {
    await this.#docker(['tag', name, to], signal);
    const said = await this.#docker(['push', to], signal);
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1];
    if (digest === undefined) throw new Error(`docker push did not name a digest:\n${said}`);
    return digest;
  }

  run(name: string, signal: AbortSignal): Promise<string> {
    return this.#docker(['run', '--rm', '--network', 'none', name], signal);
  }

  /** With the daemon's BuildKit, which pulls by itself and names the origin in `?ns=`. */
  async build(from: string, signal: AbortSignal): Promise<void> {
    const context = join(this.#directory, 'context');
    await mkdir(context, { recursive: true });
    await writeFile(join(context, 'Dockerfile'), `FROM ${from}\nCOPY Dockerfile /built\n`);
    await this.#docker(['build', '--quiet', context], signal);
  }

  /** A fresh data root, because the daemon keeps manifests and layer facts for a while after `rmi`. */
  async wipe(signal: AbortSignal): Promise<void> {
    await this.close();
    await this.#start(signal);
  }

  async close(): Promise<void> {
    await this.#daemon?.stop();
    await removeTree(this.#home);
  }

  async #start(signal: AbortSignal): Promise<void> {
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
      'registry-mirrors': [`http://${this.#address}`],
      'insecure-registries': ['127.0.0.0/8'],
    };
    await writeFile(config, JSON.stringify(settings));
    this.#daemon = await Daemon.start(
      'dockerd',
      ['dockerd', '--config-file', config],
      this.#environment,
      join(this.#directory, 'log'),
    );
    await this.#daemon.ready(() => succeeds(this.#docker(['version'], signal)), signal);
  }

  #docker(args: readonly string[], signal: AbortSignal): Promise<string> {
    return run('docker', ['--host', `unix://${this.#socket}`, ...args], this.#environment, signal);
  }

  get #home(): string {
    return join(this.#directory, 'home');
  }

  get #socket(): string {
    return join(this.#home, 'socket');
  }
}
