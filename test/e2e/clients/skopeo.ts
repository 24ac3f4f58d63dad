import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addToAuthFile } from '../auth-file.ts';
import { type Environment, programEnvironment, run } from '../command.ts';
import type { Client, ClientKind, Pulled } from '../client.ts';
import { AUTH_FILE, writeEmptyAuthFile, writeRegistriesConf } from '../containers-home.ts';
import type { Login } from '../logins.ts';
import { hostConfigDigest, type ManifestJson } from '../manifest-json.ts';
import { removeTree } from '../mounts.ts';

export const skopeo: ClientKind = {
  name: 'skopeo',
  version: async (signal) =>
    (await run('skopeo', ['--version'], programEnvironment(), signal)).trim(),
  start: async (directory, address) => {
    const registries = await writeRegistriesConf(directory, address);
    await writeEmptyAuthFile(directory);
    return new Skopeo(directory, registries);
  },
};

/** skopeo keeps no storage: an image is a directory per name. */
class Skopeo implements Client {
  readonly platforms = 'all';
  readonly mirrorsAnyOrigin = true;
  readonly #directory: string;
  /** skopeo does not read `CONTAINERS_REGISTRIES_CONF`. */
  readonly #registriesConf: string;
  readonly #environment: Environment;

  constructor(directory: string, registriesConf: string) {
    this.#directory = directory;
    this.#registriesConf = registriesConf;
    this.#environment = programEnvironment({ REGISTRY_AUTH_FILE: join(directory, AUTH_FILE) });
  }

  async pull(name: string, signal: AbortSignal): Promise<Pulled> {
    const directory = this.#imageDirectory(name);
    await mkdir(this.#images, { recursive: true });
    await this.#copy([`docker://${name}`, `dir:${directory}`], signal);
    const bytes = await readFile(join(directory, 'manifest.json'));
    const manifest = JSON.parse(bytes.toString()) as ManifestJson;
    const config = await hostConfigDigest(manifest, async (digest) => {
      const file = `${digest.slice(digest.indexOf(':') + 1)}.manifest.json`;
      return JSON.parse(await readFile(join(directory, file), 'utf8')) as ManifestJson;
    });
    return { manifests: [`sha256:${createHash('sha256').update(bytes).digest('hex')}`], config };
  }

  async push(name: string, to: string, signal: AbortSignal): Promise<string> {
    const source = this.#imageDirectory(name);
    const digestFile = join(this.#directory, 'digest');
    // Preserved, because skopeo may otherwise put other blobs in the place of those that it was given.
    const options = ['--preserve-digests', '--digestfile', digestFile];
    await this.#copy([...options, `dir:${source}`, `docker://${to}`], signal);
    return (await readFile(digestFile, 'utf8')).trim();
  }

  async signIn(registry: string, { name, password }: Login, signal: AbortSignal): Promise<void> {
    const login = ['login', '--tls-verify=false', '--username', name, '--password', password];
    await run('skopeo', [...login, registry], this.#environment, signal);
  }

  rememberHubLogin({ name, password }: Login): Promise<void> {
    return addToAuthFile(join(this.#directory, AUTH_FILE), 'docker.io', name, password);
  }

  async wipe(): Promise<void> {
    await removeTree(this.#images);
  }

  close(): Promise<void> {
    return this.wipe();
  }

  async #copy(args: readonly string[], signal: AbortSignal): Promise<void> {
    const all = ['--registries-conf', this.#registriesConf, 'copy', '--all', ...args];
    await run('skopeo', all, this.#environment, signal);
  }

  get #images(): string {
    return join(this.#directory, 'images');
  }

  #imageDirectory(name: string): string {
    return join(this.#images, encodeURIComponent(name));
  }
}
