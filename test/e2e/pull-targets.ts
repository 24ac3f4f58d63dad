import type { Client } from './client.ts';
import { hostPlatform, type Image } from './image.ts';
import type { Images } from './images.ts';

/** One way of pulling one image. */
export interface PullTarget {
  readonly title: string;
  readonly image: Image;
  /** What the client is told to pull. */
  readonly name: string;
}

/** An image as a client names it that believes it to be on Docker Hub. */
export function dockerHubName({ repository, tag }: Image): string {
  return `docker.io/${repository}:${tag}`;
}

/** Every way in which `client` can pull through the Holdfast at `address`, each with an image of its own. */
export function pullTargets(client: Client, images: Images, address: string) {
  const { app, pinned, multi, prefixed, origin } = images;
  const byPrefix = `${address}/quay.io/${prefixed.repository}:${prefixed.tag}`;
  const byOrigin = `quay.io/${origin.repository}:${origin.tag}`;
  const tag = { title: 'tag', image: app, name: dockerHubName(app) };
  const index = { title: 'index', image: multi, name: dockerHubName(multi) };
  const prefix = { title: 'prefix', image: prefixed, name: byPrefix };
  const every: PullTarget[] = [
    tag,
    { title: 'digest', image: pinned, name: `docker.io/${pinned.repository}@${pinned.digest}` },
    index,
    prefix,
  ];
  if (client.mirrorsAnyOrigin) every.push({ title: 'other origin', image: origin, name: byOrigin });
  return { tag, index, prefix, every };
}

/** What `client` downloads of `image`: manifests and blobs, by digest. */
export function contentOf(
  client: Client,
  image: Image,
): { readonly manifests: readonly string[]; readonly blobs: readonly string[] } {
  const platforms = client.platforms === 'all' ? image.platforms : [hostPlatform(image)];
  return {
    manifests: [...new Set([image.digest, ...platforms.map(({ manifest }) => manifest)])],
    blobs: platforms.flatMap(({ config, layers }) => [config, ...layers]),
  };
}
