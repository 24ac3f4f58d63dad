import { readFile } from 'node:fs/promises';
import { addToAuthFile } from '../auth-file.ts';
import { programEnvironment, run } from '../command.ts';
import type { Client, ClientKind, Pulled } from '../client.ts';
import { AUTH_FILE, ContainersHome } from '../containers-home.ts';
import type { Login } from '../logins.ts';

export const podman: ClientKind = {
  name: 'podman',
  version: async (signal) =>
    (await run('podman', ['--version'], programEnvironment(), signal)).trim(),
  start: async (directory, address) => new Podman(await ContainersHome.open(directory, address)),
};

interface Inspected {
  readonly Id: string;
  readonly RepoDigests: readonly string[];
}

class Podman implements Client {
  readonly platforms = 'host';
  readonly mirrorsAnyOrigin = true;
  readonly #home: ContainersHome;

  constructor(home: ContainersHome) {
    this.#home = home;
  }

  async pull(name: string, signal: AbortSignal): Promise<Pulled> {
    await this.#podman(['pull', '--quiet', name], signal);
    const text = await this.#podman(['image', 'inspect', name], signal);
    const [image] = JSON.parse(text) as Inspected[];
    if (image === undefined) throw new Error(`podman does not know ${name}`);
    const manifests = image.RepoDigests.map((known) => known.slice(known.indexOf('@') + 1));
    return { manifests, config: `sha256:${image.Id}` };
  }

  async push(name: string, to: string, signal: AbortSignal): Promise<string> {
    const digestFile = this.#home.file('digest');
    await this.#podman(['push', '--digestfile', digestFile, name, `docker://${to}`], signal);
    return (await readFile(digestFile, 'utf8')).trim();
  }

  /**
   * With runc and explicit limits, because crun refuses hybrid cgroups and podman would otherwise raise
   * limits that a container may not raise.
   */
  run(name: string, signal: AbortSignal): Promise<string> {
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
    const options = ['--rm', '--network', 'none', ...limits];
    return this.#podman(['--runtime', 'runc', 'run', ...options, name], signal);
  }

  async signIn(registry: string, { name, password }: Login, signal: AbortSignal): Promise<void> {
    await this.#podman(['login', '--username', name, '--password', password, registry], signal);
  }

  rememberHubLogin({ name, password }: Login): Promise<void> {
    return addToAuthFile(this.#home.file(AUTH_FILE), 'docker.io', name, password);
  }

  wipe(): Promise<void> {
    return this.#home.wipe();
  }

  close(): Promise<void> {
    return this.#home.remove();
  }

  #podman(args: readonly string[], signal: AbortSignal): Promise<string> {
    return run('podman', args, this.#home.environment, signal);
  }
}
