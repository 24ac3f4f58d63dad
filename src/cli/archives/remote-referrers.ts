import { type ImageManifest, manifestsOf, type Referrer } from '../../archive/image.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { cosignTags } from '../../oci/referrer-tags.ts';
import { TooManyReferrersError, walkReferrers } from '../../oci/walk-referrers.ts';
import { listReferrers } from '../../registry-client/referrers.ts';
import type { RegistryClient } from '../../registry-client/registry-client.ts';
import { RegistryError } from '../../registry-client/registry-error.ts';
import { obtainable } from './remote-image.ts';

export interface RemoteReferrers {
  readonly referrers: readonly Referrer[];
  /** Why some may be missing. */
  readonly problems: readonly string[];
}

/** What refers to an image of a registry, its blobs still there, as far as the registry can tell. */
export async function remoteReferrers(
  client: RegistryClient,
  repository: string,
  root: ImageManifest,
): Promise<RemoteReferrers> {
  const problems = new Set<string>();
  const orNone = async <Value>(asked: Promise<Value>): Promise<Value | undefined> => {
    try {
      return await asked;
    } catch (error) {
      // What a mirror cannot ask its upstream about is told, and no reason to give up.
      if (!(error instanceof RegistryError)) throw error;
      problems.add(error.message);
      return undefined;
    }
  };
  const referrersOf = async (subject: Digest): Promise<readonly Found[]> => {
    const tags = new Map<Digest, Tag[]>();
    for (const { digest } of (await orNone(listReferrers(client, repository, subject))) ?? []) {
      tags.set(digest, []);
    }
    for (const tag of cosignTags(subject)) {
      // Most images have none of them; a mirror without its upstream cannot tell, however often it is asked.
      const found = await orNone(client.manifest(repository, tag, 1));
      if (found) tags.set(found.digest, [...(tags.get(found.digest) ?? []), tag]);
    }
    return Array.from(tags, ([digest, own]) => ({ digest, tags: own }));
  };
  const referrers: Referrer[] = [];
  const subjects = manifestsOf(root).map(({ digest }) => digest);
  try {
    for await (const { digest, tags } of walkReferrers(subjects.toReversed(), referrersOf)) {
      const referrer = await obtainable(client, repository, digest);
      if (referrer?.digest === digest) referrers.push({ root: referrer, tags });
      else problems.add(`${digest} cannot be had`);
    }
  } catch (error) {
    if (!(error instanceof TooManyReferrersError)) throw error;
    problems.add(error.message);
  }
  return { referrers, problems: [...problems] };
}

interface Found {
  readonly digest: Digest;
  readonly tags: readonly Tag[];
}
