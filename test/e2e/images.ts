import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, run } from './command.ts';
import { ContainersHome } from './containers-home.ts';
import { describeImage, type Image } from './image.ts';
import { hostArchitecture } from './manifest-json.ts';

/** Debian's busybox-static: one program that runs in an image with nothing else in it. */
const BUSYBOX = '/bin/busybox';
/** As big as a real layer, so that a client and a fill really overlap. */
const BIG_LAYER_BYTES = 30_000_000;
const SMALL_LAYER_BYTES = 200_000;

const CONTAINERFILE = `FROM scratch
COPY bin /bin
COPY data /data
COPY etc /etc
CMD ["/bin/busybox", "cat", "/etc/greeting"]
`;

interface Recipe {
  readonly repository: string;
  readonly architectures: readonly string[];
  readonly format: 'oci' | 'v2s2';
  readonly bytes: number;
}

/** The images of the run. No two of them share a blob, so what is cold for one stays cold for the next. */
export interface Images {
  readonly app: Image;
  readonly pinned: Image;
  readonly multi: Image;
  readonly prefixed: Image;
  readonly origin: Image;
}

const host = [hostArchitecture];
const small = { architectures: host, bytes: SMALL_LAYER_BYTES } as const;
const RECIPES: Readonly<Record<keyof Images, Recipe>> = {
  app: {
    repository: 'library/holdfast-app',
    architectures: host,
    format: 'oci',
    bytes: BIG_LAYER_BYTES,
  },
  pinned: { repository: 'library/holdfast-pinned', format: 'v2s2', ...small },
  multi: {
    repository: 'library/holdfast-multi',
    architectures: [...new Set(['amd64', 'arm64', 'riscv64', hostArchitecture])],
    format: 'oci',
    bytes: SMALL_LAYER_BYTES,
  },
  prefixed: { repository: 'team/prefixed', format: 'oci', ...small },
  origin: { repository: 'team/origin', format: 'v2s2', ...small },
};

/** Builds every image with buildah in `directory`, pushes it to `registry` (`host:port`) and describes it. */
export async function makeImages(
  directory: string,
  registry: string,
  signal: AbortSignal,
): Promise<Images> {
  const home = await ContainersHome.open(join(directory, 'home'), registry);
  const make = (name: keyof Images): Promise<Image> =>
    makeImage(join(directory, name), registry, RECIPES[name], home.environment, signal);
  const images = {
    app: await make('app'),
    pinned: await make('pinned'),
    multi: await make('multi'),
    prefixed: await make('prefixed'),
    origin: await make('origin'),
  };
  await home.remove();
  return images;
}

async function makeImage(
  directory: string,
  registry: string,
  { repository, architectures, format, bytes }: Recipe,
  environment: Environment,
  signal: AbortSignal,
): Promise<Image> {
  const greeting = `hello from ${repository}`;
  const local = `localhost/${repository}:1`;
  const isIndex = architectures.length > 1;
  for (const architecture of architectures) {
    const context = join(directory, architecture);
    await writeContext(context, greeting, architecture, bytes);
    // Without --no-cache the first layer of one architecture would be reused for the next.
    const options = ['--layers', '--no-cache', '--arch', architecture];
    const into = [isIndex ? '--manifest' : '--tag', local];
    await run('buildah', ['build', ...options, ...into, context], environment, signal);
  }
  const push = isIndex ? ['manifest', 'push', '--all'] : ['push'];
  const options = ['--tls-verify=false', '--format', format];
  const destination = `docker://${registry}/${repository}:1`;
  await run('buildah', [...push, ...options, local, destination], environment, signal);
  return describeImage(registry, { repository, tag: '1', greeting }, signal);
}

async function writeContext(
  context: string,
  greeting: string,
  architecture: string,
  bytes: number,
): Promise<void> {
  for (const folder of ['bin', 'data', 'etc']) {
    await mkdir(join(context, folder), { recursive: true });
  }
  await copyFile(BUSYBOX, join(context, 'bin/busybox'));
  // Tells this layer from the same one of any other image.
  await writeFile(join(context, 'bin/.image'), `${greeting} on ${architecture}\n`);
  await writeFile(join(context, 'data/random'), randomBytes(bytes));
  await writeFile(join(context, 'etc/greeting'), `${greeting}\n`);
  await writeFile(join(context, 'Containerfile'), CONTAINERFILE);
}
