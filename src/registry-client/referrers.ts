/** Referrers of a registry that may lack the API for them (distribution-spec, "Listing Referrers" and "Referrers Tag Schema"). */
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { readIndexDescriptors } from '../oci/index-descriptors.ts';
import type { Manifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-types.ts';
import { fallbackTag } from '../oci/referrer-tags.ts';
import { RegistryError } from './registry-error.ts';
import type { PushedManifest, RegistryClient } from './registry-client.ts';

/** A registry that always names a next page must come to an end. */
const MAX_PAGES = 100;

/** All that the registry lists, by its API or by the fallback tag. */
export async function listReferrers(
  client: RegistryClient,
  repository: string,
  subject: Digest,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  let query = '';
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await client.referrersPage(repository, subject, query);
    if (page === undefined) return (await readFallback(client, repository, subject)) ?? [];
    found.push(...page.referrers);
    if (page.next === undefined) return found;
    query = page.next;
  }
  throw new RegistryError(`${client.host}: the referrers of ${subject} do not come to an end`);
}

/** Adds a pushed manifest to what the fallback tag of its subject lists: the client's part where the registry has no API. */
export async function addToFallback(
  client: RegistryClient,
  repository: string,
  { bytes, mediaType }: PushedManifest,
  { subject, artifactType, annotations }: Manifest,
): Promise<void> {
  if (subject === undefined) return;
  const digest = digestOf(bytes);
  const listed = (await readFallback(client, repository, subject)) ?? [];
  if (listed.some((one) => one.digest === digest)) return;
  const descriptor: Descriptor = {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
  const manifests = [...listed, descriptor];
  const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
  await client.pushManifest(repository, fallbackTag(subject), {
    mediaType: MediaType.ociIndex,
    bytes: Buffer.from(JSON.stringify(index)),
  });
}

async function readFallback(
  client: RegistryClient,
  repository: string,
  subject: Digest,
): Promise<readonly Descriptor[] | undefined> {
  const tag = fallbackTag(subject);
  const index = await client.manifest(repository, tag);
  return index && readReferrers(index.bytes, `${client.host}: ${repository}:${tag}`);
}

/**
 * What an index of referrers lists.
 *
 * @param what - where it is from, for the message
 * @throws RegistryError where it is no JSON
 */
export function readReferrers(bytes: Uint8Array, what: string): readonly Descriptor[] {
  try {
    return readIndexDescriptors(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RegistryError(`${what}: the answer is not JSON`, { cause: error });
  }
}
