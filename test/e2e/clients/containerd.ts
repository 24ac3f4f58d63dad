import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ClientKind, Pulled } from '../client.ts';
import { programEnvironment, run } from '../command.ts';
import { ContainerdDaemon } from '../containerd-daemon.ts';
import type { Login } from '../logins.ts';
import { hostConfigDigest, type ManifestJson } from '../manifest-json.ts';

/** containerd with hosts.toml, which names the origin in `?ns=`; driven by `ctr`. */
export const containerd: ClientKind = {
  name: 'containerd',
  version: async (signal) =>
    (await run('containerd', ['--version'], programEnvironment(), signal)).trim(),
  start: async (directory, address, signal) => {
    const hosts = join(directory, 'certs.d');
    await writeHosts(hosts, address);
    return new Containerd(hosts, await ContainerdDaemon.open(directory, signal));
  },
};

class Containerd implements Client {
  readonly platforms = 'host';
  readonly mirrorsAnyOrigin = true;
  readonly #hosts: string;
  readonly #daemon: ContainerdDaemon;
  #containers = 0;
  /** ctr keeps none by itself. */
  #login: { readonly registry: string; readonly user: string } | undefined;

  constructor(hosts: string, daemon: ContainerdDaemon) {
    this.#hosts = hosts;
    this.#daemon = daemon;
  }

  async pull(name: string, signal: AbortSignal): Promise<Pulled> {
    await this.#daemon.ctr(['images', 'pull', ...this.#options(name), name], signal);
    const digest = await this.#digestOf(name, signal);
    const read = (wanted: string): Promise<ManifestJson> => this.#manifest(wanted, signal);
    return { manifests: [digest], config: await hostConfigDigest(await read(digest), read) };
  }

  async push(name: string, to: string, signal: AbortSignal): Promise<string> {
    await this.#daemon.ctr(['images', 'push', ...this.#options(to), to, name], signal);
    return this.#digestOf(name, signal);
  }

  async signIn(registry: string, { name, password }: Login): Promise<void> {
    this.#login = { registry, user: `${name}:${password}` };
  }

  async rememberHubLogin(): Promise<void> {
    // It has no place for one: who pulls with ctr types it each time.
  }

  run(name: string, signal: AbortSignal): Promise<string> {
    this.#containers += 1;
    return this.#daemon.ctr(['run', '--rm', name, `container-${this.#containers}`], signal);
  }

  async wipe(signal: AbortSignal): Promise<void> {
    await this.close();
    await this.#daemon.start(signal);
  }

  close(): Promise<void> {
    return this.#daemon.close();
  }

  #options(name: string): readonly string[] {
    const hosts = ['--hosts-dir', this.#hosts];
    const login = this.#login;
    return login && name.startsWith(login.registry) ? [...hosts, '--user', login.user] : hosts;
  }

  async #digestOf(name: string, signal: AbortSignal): Promise<string> {
    const list = await this.#daemon.ctr(['images', 'list', `name==${name}`], signal);
    const digest = /sha256:[0-9a-f]{64}/.exec(list.split('\n')[1]?.slice(name.length) ?? '')?.[0];
    if (digest === undefined) throw new Error(`containerd does not know ${name}:\n${list}`);
    return digest;
  }

  async #manifest(digest: string, signal: AbortSignal): Promise<ManifestJson> {
    return JSON.parse(await this.#daemon.ctr(['content', 'get', digest], signal)) as ManifestJson;
  }
}

/** A mirror for every origin, told by `?ns=`; and Holdfast itself over plain HTTP. */
async function writeHosts(hosts: string, address: string): Promise<void> {
  const host = `[host."http://${address}"]\n  capabilities = ["pull", "resolve", "push"]\n`;
  for (const [name, server] of [
    // Nothing listens on the origin's port: giving up on the mirror fails at once.
    ['_default', 'http://127.0.0.1:1'],
    [address, `http://${address}`],
  ] as const) {
    const content = `server = "${server}"\n\n${host}`;
    await mkdir(join(hosts, name), { recursive: true });
    await writeFile(join(hosts, name, 'hosts.toml'), content);
  }
}
