import type { MirroredRegistry } from './mirrored-registry.ts';
import type { MirrorTarget } from './mirror-target.ts';

/** The configuration of one kind of client for one mirror. */
export interface Recipe {
  /** Ready to paste (or to pipe into the file), as the client reads it. */
  readonly text: string;
  /** Where it goes, what to do then, what it cannot do. */
  readonly notes: readonly string[];
}

export type WriteRecipe = (
  target: MirrorTarget,
  registries: readonly MirroredRegistry[],
  /** Whether the mirror has accounts. */
  accounts: boolean,
) => Recipe;
