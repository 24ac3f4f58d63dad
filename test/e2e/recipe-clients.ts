/** Clients that are set up as the pages in docs/clients/ say. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { cleanUp } from '../helpers/clean-up.ts';
import { temporaryDirectory } from '../helpers/mirror.ts';
import { fill, snippet } from '../helpers/snippet.ts';
import { ContainerdDaemon } from './containerd-daemon.ts';
import { ContainersHome } from './containers-home.ts';

/** The registries.conf of podman.md for the mirror at this address, in a file. */
export async function recipeRegistriesConf(dir: string, address: string): Promise<string> {
  const file = join(dir, '50-holdfast.conf');
  const text = fill(snippet('clients/podman.md', 'registries.conf'), {
    'mirror.example:5000': address,
    // Nothing listens there: giving up on the mirror fails at once.
    'location = "docker.io"': 'location = "127.0.0.1:1"',
    'location = "ghcr.io"': 'location = "127.0.0.1:1"',
  });
  await writeFile(file, text);
  return file;
}

/** podman and buildah with a storage of their own and that registries.conf. */
export async function openRecipeHome(t: TestContext, address: string): Promise<ContainersHome> {
  const dir = await temporaryDirectory(t);
  const registries = await recipeRegistriesConf(dir, address);
  const home = await ContainersHome.openWith(join(dir, 'home'), registries);
  cleanUp(t, () => home.remove());
  return home;
}

/** Registry → its hosts.toml. */
export type Hosts = Readonly<Record<string, string>>;

/** The image in the command of containerd.md. */
export const RECIPE_IMAGE = 'docker.io/library/alpine:3.22';

/** containerd with these files as its `certs.d`; pulls with the page's own command. */
export async function startRecipeContainerd(t: TestContext, hosts: Hosts) {
  const dir = await temporaryDirectory(t);
  const folder = join(dir, 'certs.d');
  for (const [registry, text] of Object.entries(hosts)) {
    await mkdir(join(folder, registry), { recursive: true });
    await writeFile(join(folder, registry, 'hosts.toml'), text);
  }
  const daemon = await ContainerdDaemon.open(join(dir, 'containerd'), t.signal);
  cleanUp(t, () => daemon.close());
  return async (image: string): Promise<void> => {
    const command = fill(snippet('clients/containerd.md', 'pull'), {
      '/etc/containerd/certs.d': folder,
      [RECIPE_IMAGE]: image,
    });
    const [ctr, ...args] = command.trim().split(' ');
    assert.equal(ctr, 'ctr');
    await daemon.ctr(args, t.signal);
  };
}
