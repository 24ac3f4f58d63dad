import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ClientKind, Pulled } from '../client.ts';
import { addToAuthFile } from '../auth-file.ts';
import { programEnvironment, run } from '../command.ts';
import { Dockerd } from '../dockerd.ts';
import type { Login } from '../logins.ts';

/** dockerd with `registry-mirrors`, told the registry itself. */
export const docker: ClientKind = dockerAt((address) => address);

/** The same, told the port at which nobody is asked to sign in. */
export const dockerAtMirror: ClientKind = dockerAt((_, mirrorAddress) => mirrorAddress);

function dockerAt(mirror: (address: string, mirrorAddress: string) => string): ClientKind {
  return {
    name: 'docker',
    version: async (signal) =>
      (await run('dockerd', ['--version'], programEnvironment(), signal)).trim(),
    start: async (directory, address, signal, mirrorAddress) => {
      const settings = {
        'registry-mirrors': [`http://${mirror(address, mirrorAddress)}`],
        'insecure-registries': ['127.0.0.0/8'],
      };
      return new Docker(directory, await Dockerd.open(directory, settings, signal));
    },
  };
}

interface Inspected {
  readonly Id: string;
  readonly RepoDigests: readonly string[];
}

class Docker implements Client {
  readonly platforms = 'host';
  /** `registry-mirrors` are asked for docker.io alone. */
  readonly mirrorsAnyOrigin = false;
  readonly #directory: string;
  readonly #dockerd: Dockerd;

  constructor(directory: string, dockerd: Dockerd) {
    this.#directory = directory;
    this.#dockerd = dockerd;
  }

  async pull(name: string, signal: AbortSignal): Promise<Pulled> {
    await this.#dockerd.docker(['pull', '--quiet', name], signal);
    const text = await this.#dockerd.docker(['image', 'inspect', name], signal);
    const [image] = JSON.parse(text) as Inspected[];
    if (image === undefined) throw new Error(`docker does not know ${name}`);
    const manifests = image.RepoDigests.map((known) => known.slice(known.indexOf('@') + 1));
    return { manifests, config: image.Id };
  }

  async push(name: string, to: string, signal: AbortSignal): Promise<string> {
    await this.#dockerd.docker(['tag', name, to], signal);
    const said = await this.#dockerd.docker(['push', to], signal);
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1];
    if (digest === undefined) throw new Error(`docker push did not name a digest:\n${said}`);
    return digest;
  }

  async signIn(registry: string, { name, password }: Login, signal: AbortSignal): Promise<void> {
    await this.#dockerd.docker(
      ['login', '--username', name, '--password', password, registry],
      signal,
    );
  }

  rememberHubLogin({ name, password }: Login): Promise<void> {
    return addToAuthFile(this.#dockerd.authFile, 'https://index.docker.io/v1/', name, password);
  }

  run(name: string, signal: AbortSignal): Promise<string> {
    return this.#dockerd.docker(['run', '--rm', '--network', 'none', name], signal);
  }

  /** With the daemon's BuildKit, which pulls by itself and names the origin in `?ns=`. */
  async build(from: string, signal: AbortSignal): Promise<void> {
    const context = join(this.#directory, 'context');
    await mkdir(context, { recursive: true });
    await writeFile(join(context, 'Dockerfile'), `FROM ${from}\nCOPY Dockerfile /built\n`);
    await this.#dockerd.docker(['build', '--quiet', context], signal);
  }

  /** A fresh data root, because the daemon keeps manifests and layer facts for a while after `rmi`. */
  async wipe(signal: AbortSignal): Promise<void> {
    await this.close();
    await this.#dockerd.start(signal);
  }

  close(): Promise<void> {
    return this.#dockerd.close();
  }
}
