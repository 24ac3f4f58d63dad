import type { JsonOption } from './print.ts';

/** How the lists of `ls` may be narrowed. */
export interface ListOptions extends JsonOption {
  readonly search?: string;
  readonly kind?: string;
  readonly limit?: number;
  readonly quiet?: true;
}
