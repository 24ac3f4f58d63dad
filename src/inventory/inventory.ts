/** What there is to be told about the registry, put together. */
import type { Mirror } from '../pull-through/mirror.ts';
import type { ManifestBytes } from '../registry/manifest-bytes.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { ImageDetails } from './image-details.ts';
import { ImagePlatforms } from './image-platforms.ts';
import { ListedRepositories, type StaleAt } from './listed-repositories.ts';
import type { Pins } from './pins.ts';
import type { RecentMisses } from './recent-misses.ts';
import type { Upstreams } from './upstreams.ts';
import type { UsageByDay } from './usage.ts';

export interface Inventory {
  readonly repositories: ListedRepositories;
  readonly images: ImageDetails;
  readonly pins: Pins;
  readonly usage: UsageByDay;
  readonly misses: RecentMisses;
  readonly upstreams: Upstreams;
}

export interface InventoryOptions extends Pick<
  Inventory,
  'pins' | 'usage' | 'misses' | 'upstreams'
> {
  readonly metadata: MetadataStore;
  readonly blobs: BlobStore;
  readonly bytes: ManifestBytes;
  readonly mirrors: ReadonlyMap<string, Mirror>;
}

export function createInventory(options: InventoryOptions): Inventory {
  const { metadata, bytes, pins, usage, misses, upstreams } = options;
  const platforms = new ImagePlatforms(options);
  const staleAt = staleAtBy(options.mirrors);
  return {
    repositories: new ListedRepositories({ inventory: metadata.inventory, platforms, staleAt }),
    images: new ImageDetails({ metadata, bytes, platforms, staleAt }),
    pins,
    usage,
    misses,
    upstreams,
  };
}

function staleAtBy(mirrors: ReadonlyMap<string, Mirror>): StaleAt {
  return (repository, tag, checkedAt) => {
    if (repository.kind === 'hosted') return undefined;
    const policy = mirrors.get(repository.upstream)?.tagPolicy(repository.name, tag);
    return policy && checkedAt + policy.maxAge;
  };
}
