import { readFile } from 'node:fs/promises';
import { addToAuthFile } from '../auth-file.ts';
import { programEnvironment, run } from '../command.ts';
import type { Client, ClientKind, Pulled } from '../client.ts';
import { AUTH_FILE, ContainersHome } from '../containers-home.ts';
import type { Login } from '../logins.ts';

export const buildah: ClientKind = {
  name: 'buildah',
  version: async (signal) =>
    (await run('buildah', ['--version'], programEnvironment(), signal)).trim(),
  start: async (directory, address) => new Buildah(await ContainersHome.open(directory, address)),
};

class Buildah implements Client {
  readonly platforms = 'host';
  readonly mirrorsAnyOrigin = true;
  readonly #home: ContainersHome;

  constructor(home: ContainersHome) {
    this.#home = home;
  }

  async pull(name: string, signal: AbortSignal): Promise<Pulled> {
    await this.#buildah(['pull', '--quiet', name], signal);
    // `buildah inspect` knows an index by its manifest for this machine only; the list knows the index.
    const format = ['--no-trunc', '--format', '{{.Digest}} {{.ID}}'];
    const [digest, config] = (await this.#buildah(['images', ...format, name], signal)).split(
      /\s+/,
    );
    if (digest === undefined || config === undefined) throw new Error(`buildah has no ${name}`);
    return { manifests: [digest], config };
  }

  async push(name: string, to: string, signal: AbortSignal): Promise<string> {
    const digestFile = this.#home.file('digest');
    await this.#buildah(['push', '--digestfile', digestFile, name, `docker://${to}`], signal);
    return (await readFile(digestFile, 'utf8')).trim();
  }

  async signIn(registry: string, { name, password }: Login, signal: AbortSignal): Promise<void> {
    await this.#buildah(
      ['login', '--tls-verify=false', '--username', name, '--password', password, registry],
      signal,
    );
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

  #buildah(args: readonly string[], signal: AbortSignal): Promise<string> {
    return run('buildah', args, this.#home.environment, signal);
  }
}
