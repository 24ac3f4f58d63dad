import type { Repository } from '../../src/oci/repository.ts';
import type { MetadataStore } from '../../src/store/metadata-store.ts';
import { blob, child, commitOf, digest, tag } from './metadata-fixtures.ts';

/** Commits the manifest `name`, with held blobs of 100 bytes each. */
export async function heldImage(
  store: MetadataStore,
  repository: Repository,
  name: string,
  {
    at = 1_000,
    blobs = [] as readonly string[],
    children = [] as readonly string[],
    tags = [] as readonly string[],
  } = {},
): Promise<void> {
  const references = [...blobs.map((one) => blob(one)), ...children.map(child)];
  await store.commitManifest(commitOf(repository, name, { references, at, tags: tags.map(tag) }));
  for (const one of blobs) {
    await store.recordBlob(repository, { digest: digest(one), size: 100 }, at);
  }
}
