/** What becomes of content that was found damaged: mirrored content can be fetched again, hosted content has to be pushed again. */
import type { DamagedEntry } from '../api/upkeep.ts';
import type { Digest } from '../oci/digest.ts';
import { displayName, type MirroredRepository, type Repository } from '../oci/repository.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';
import { UpstreamError } from '../upstream/errors.ts';

export interface Damage {
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  /** Those that refer to it. */
  readonly repositories: readonly Repository[];
}

/** Tells what has become of it; with `repair`, mirrored content is fetched again at once. */
export async function settleDamage(
  damage: Damage,
  { pullThrough, repair }: { readonly pullThrough: PullThrough; readonly repair: boolean },
): Promise<DamagedEntry> {
  const { digest, repositories } = damage;
  const entry = { digest, repositories: repositories.map(displayName), message: null };
  if (repositories.some(({ kind }) => kind === 'hosted')) return { ...entry, action: 'push-again' };
  if (!repair) return { ...entry, action: 'dropped' };
  const mirrored = repositories.filter((one) => one.kind === 'mirrored');
  let message = 'no repository refers to it any more';
  for (const repository of mirrored) {
    try {
      await fetchAgain(pullThrough, repository, damage);
      return { ...entry, action: 'fetched-again' };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      message = error.message;
    }
  }
  return { ...entry, action: 'not-fetched', message };
}

async function fetchAgain(
  pullThrough: PullThrough,
  repository: MirroredRepository,
  { kind, digest }: Damage,
): Promise<void> {
  if (kind === 'blob') await pullThrough.ensureBlob(repository, digest);
  else await pullThrough.ensureManifest(repository, digest);
}
