import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/reference.ts';
import type { TagPolicy } from './freshness.ts';
import type { GuardedUpstream } from './guarded-upstream.ts';
import type { RateBudget } from './rate-budget.ts';

/** One upstream and the rules that it is mirrored by. */
export interface Mirror {
  readonly upstream: GuardedUpstream;
  readonly budget: RateBudget;
  /** Content is not for everybody: what upstream now denies is no longer served from what is held. */
  readonly private: boolean;
  /** How many a large blob is fetched over. */
  readonly connectionsPerBlob: number;
  /** How long a 404 for a digest is remembered, ms. */
  readonly negativeMaxAge: number;
  tagPolicy(name: RepositoryName, tag: Tag): TagPolicy;
}
