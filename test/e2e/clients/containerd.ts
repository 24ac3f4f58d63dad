import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ClientKind, Pulled } from '../client.ts';
import { type Environment, programEnvironment, run, succeeds } from '../command.ts';
import { Daemon } from '../daemon.ts';
import { hostConfigDigest, type ManifestJson } from '../manifest-json.ts';
import { removeTree } from '../mounts.ts';

/** containerd with hosts.toml, which names the origin in `?ns=`; driven by `ctr`. */
export const containerd: ClientKind = {
  name: 'containerd',
  version: async (signal) =>
    (await run('containerd', ['--version'], programEnvironment(), signal)).trim(),
  start: (directory, address, signal) => Containerd.open(directory, address, signal),
};

class Containerd implements Client {
  readonly platforms = 'host';
  readonly mirrorsAnyOrigin = true;
  readonly #directory: string;
  readonly #environment: Environment = programEnvironment();
  #daemon: Daemon | undefined;
  #containers = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string, address: string, signal: AbortSignal): Promise<Containerd> {
    const client = new Containerd(directory);
    await client.#writeHosts(address);
    try {
      await client.#start(signal);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  async pull(name: string, signal: AbortSignal): Promise<Pulled> {
    await this.#ctr(['images', 'pull', '--hosts-dir', this.#hosts, name], signal);
    const digest = await this.#digestOf(name, signal);
    const read = (wanted: string): Promise<ManifestJson> => this.#manifest(wanted, signal);
    return { manifests: [digest], config: await hostConfigDigest(await read(digest), read) };
  }

  async push(name: string, to: string, signal: AbortSignal): Promise<string> {
    await this.#ctr(['images', 'push', '--hosts-dir', this.#hosts, to, name], signal);
    return this.#digestOf(name, signal);
  }

  run(name: string, signal: AbortSignal): Promise<string> {
    this.#containers += 1;
    return this.#ctr(['run', '--rm', name, `container-${this.#containers}`], signal);
  }

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
    await this.#daemon.ready(() => succeeds(this.#ctr(['version'], signal)), signal);
  }

  /** A mirror for every origin, told by `?ns=`; and Holdfast itself over plain HTTP. */
  async #writeHosts(address: string): Promise<void> {
    const host = `[host."http://${address}"]\n  capabilities = ["pull", "resolve", "push"]\n`;
    for (const [name, server] of [
      // Nothing listens on the origin's port: giving up on the mirror fails at once.
      ['_default', 'http://127.0.0.1:1'],
      [address, `http://${address}`],
    ] as const) {
      const content = `server = "${server}"\n\n${host}`;
      await mkdir(join(this.#hosts, name), { recursive: true });
      await writeFile(join(this.#hosts, name, 'hosts.toml'), content);
    }
  }

  async #digestOf(name: string, signal: AbortSignal): Promise<string> {
    const list = await this.#ctr(['images', 'list', `name==${name}`], signal);
    const digest = /sha256:[0-9a-f]{64}/.exec(list.split('\n')[1]?.slice(name.length) ?? '')?.[0];
    if (digest === undefined) throw new Error(`containerd does not know ${name}:\n${list}`);
    return digest;
  }

  async #manifest(digest: string, signal: AbortSignal): Promise<ManifestJson> {
    return JSON.parse(await this.#ctr(['content', 'get', digest], signal)) as ManifestJson;
  }

  #ctr(args: readonly string[], signal: AbortSignal): Promise<string> {
    return run('ctr', ['--address', this.#socket, ...args], this.#environment, signal);
  }

  get #home(): string {
    return join(this.#directory, 'home');
  }

  get #socket(): string {
    return join(this.#home, 'socket');
  }

  get #hosts(): string {
    return join(this.#directory, 'certs.d');
  }
}
