import { createHash } from 'node:crypto';
import { hostArchitecture, type ManifestJson } from './manifest-json.ts';

/** One platform's image: its manifest and everything that a pull of it downloads. */
export interface PlatformImage {
  readonly architecture: string;
  readonly manifest: string;
  readonly config: string;
  readonly layers: readonly string[];
}

/** An image as the upstream holds it, all by digest. */
export interface Image {
  /** `library/app`; never with a host. */
  readonly repository: string;
  readonly tag: string;
  /** What the tag points to: the index of a multi-arch image, else the manifest. */
  readonly digest: string;
  readonly platforms: readonly PlatformImage[];
  /** What a container made of it prints. */
  readonly greeting: string;
}

/** The part of an image that runs on this machine. */
export function hostPlatform(image: Image): PlatformImage {
  const found = image.platforms.find(({ architecture }) => architecture === hostArchitecture);
  if (found === undefined) throw new Error(`${image.repository} has no ${hostArchitecture} image`);
  return found;
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Reads what a registry holds under a tag, and hashes it itself. */
export async function describeImage(
  registry: string,
  { repository, tag, greeting }: Pick<Image, 'repository' | 'tag' | 'greeting'>,
  signal: AbortSignal,
): Promise<Image> {
  const manifest = async (reference: string): Promise<{ digest: string; json: ManifestJson }> => {
    const url = `http://${registry}/v2/${repository}/manifests/${reference}`;
    const answer = await fetch(url, { headers: { accept: MANIFEST_TYPES }, signal });
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    return {
      digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
      json: JSON.parse(bytes.toString()) as ManifestJson,
    };
  };
  const top = await manifest(tag);
  const children = top.json.manifests;
  const platforms =
    children === undefined
      ? [platformImage(hostArchitecture, top.digest, top.json)]
      : await Promise.all(
          children.map(async ({ digest, platform }) => {
            const child = await manifest(digest);
            return platformImage(platform.architecture, child.digest, child.json);
          }),
        );
  return { repository, tag, greeting, digest: top.digest, platforms };
}

function platformImage(
  architecture: string,
  manifest: string,
  { config, layers }: ManifestJson,
): PlatformImage {
  if (config === undefined || layers === undefined) throw new Error(`${manifest} is no image`);
  return { architecture, manifest, config: config.digest, layers: layers.map((l) => l.digest) };
}
