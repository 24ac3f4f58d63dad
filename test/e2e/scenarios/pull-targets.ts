import type { Client } from '../client.ts';
import { hostPlatform, type Image } from '../image.ts';
import type { Images } from '../images.ts';

/** One way of pulling one image. */
export interface PullTarget {
  readonly title: string;
  readonly image: Image;
  /** What the client is told to pull. */
  readonly name: string;
}

/** Every way in which `client` can pull through the Holdfast at `address`, each with an image of its own. */
export function pullTargets(client: Client, images: Images, address: string): PullTarget[] {
  const { app, pinned, multi, prefixed, origin } = images;
  const targets = [
    { title: 'tag', image: app, name: `docker.io/${app.repository}:${app.tag}` },
    { title: 'digest', image: pinned, name: `docker.io/${pinned.repository}@${pinned.digest}` },
    { title: 'index', image: multi, name: `docker.io/${multi.repository}:${multi.tag}` },
    {
      title: 'prefix',
      image: prefixed,
      name: `${address}/quay.io/${prefixed.repository}:${prefixed.tag}`,
    },
  ];
  if (client.mirrorsAnyOrigin) {
    const name = `quay.io/${origin.repository}:${origin.tag}`;
    targets.push({ title: 'other origin', image: origin, name });
  }
  return targets;
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
