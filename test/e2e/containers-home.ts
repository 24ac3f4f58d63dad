import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, programEnvironment } from './command.ts';
import { removeTree } from './mounts.ts';

/** Nothing listens there: a client that gives up on the mirror fails at once and never leaves the machine. */
const NO_ORIGIN = '127.0.0.1:1';

/** registries.conf for podman, buildah and skopeo: Holdfast at `address` as mirror of two origins, and itself. */
function registriesConf(address: string): string {
  return `unqualified-search-registries = []

[[registry]]
prefix = "docker.io"
location = "${NO_ORIGIN}"
insecure = true
[[registry.mirror]]
location = "${address}"
insecure = true

[[registry]]
prefix = "quay.io"
location = "${NO_ORIGIN}"
insecure = true
[[registry.mirror]]
location = "${address}/quay.io"
insecure = true

[[registry]]
location = "${address}"
insecure = true
`;
}

/** Writes registries.conf into `directory` and gives its path. */
export async function writeRegistriesConf(directory: string, address: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'registries.conf');
  await writeFile(file, registriesConf(address));
  return file;
}

/** Where podman, buildah and skopeo keep logins. */
export const AUTH_FILE = 'auth.json';

/** They refuse to start without the file that they are told of. */
export async function writeEmptyAuthFile(directory: string): Promise<void> {
  await writeFile(join(directory, AUTH_FILE), '{}');
}

/** The storage of podman or buildah in a directory of its own, with Holdfast as mirror. */
export class ContainersHome {
  readonly environment: Environment;
  readonly #directory: string;

  private constructor(directory: string, environment: Environment) {
    this.#directory = directory;
    this.environment = environment;
  }

  static async open(directory: string, address: string): Promise<ContainersHome> {
    return ContainersHome.openWith(directory, await writeRegistriesConf(directory, address));
  }

  /** With a registries.conf of the caller's. */
  static async openWith(directory: string, registries: string): Promise<ContainersHome> {
    await mkdir(directory, { recursive: true });
    const storage = join(directory, 'storage.conf');
    const content = join(directory, 'content');
    await writeFile(
      storage,
      `[storage]
driver = "overlay"
runroot = "${content}/run"
graphroot = "${content}/graph"
`,
    );
    const engine = join(directory, 'containers.conf');
    await writeFile(
      engine,
      `[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "${content}/tmp"
`,
    );
    await writeEmptyAuthFile(directory);
    const environment = programEnvironment({
      CONTAINERS_STORAGE_CONF: storage,
      CONTAINERS_REGISTRIES_CONF: registries,
      CONTAINERS_CONF: engine,
      REGISTRY_AUTH_FILE: join(directory, AUTH_FILE),
    });
    return new ContainersHome(directory, environment);
  }

  /** The path of a file that survives a wipe. */
  file(name: string): string {
    return join(this.#directory, name);
  }

  /** Forgets all images. */
  async wipe(): Promise<void> {
    await removeTree(join(this.#directory, 'content'));
  }

  async remove(): Promise<void> {
    await removeTree(this.#directory);
  }
}
