import type { MirroredRegistry } from './mirrored-registry.ts';

/** The address that clients know this mirror by. */
export interface MirrorTarget {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** `127.0.0.1:5000` */
  readonly host: string;
  /** http: clients have to be told that this is meant. */
  readonly insecure: boolean;
  readonly loopback: boolean;
}

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
