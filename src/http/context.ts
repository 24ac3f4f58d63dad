import type { RouterContext } from '@koa/router';
import type { Repository } from '../oci/repository.ts';
import type { Outcome } from '../pull-through/outcome.ts';
import type { Again } from '../registry/content.ts';
import type { Permissions } from './permissions.ts';

/** What the handlers of one request note for the log and the metrics. */
export interface RequestState {
  /** What the route is for, such as `manifest` or `blob`. */
  operation?: string;
  /** The account that asks, where somebody is signed in. */
  account?: string | undefined;
  outcome?: Outcome;
  /** Where the content of the answer belongs. */
  source?: Repository;
  /** Body bytes written to the client. */
  sentBytes?: number;
  /** How to give the answer, which is 200, again without looking for it. */
  again?: { readonly body: Uint8Array | undefined } & Again;
  /** The failure behind a 5xx or a cut connection. */
  failure?: unknown;
}

export type Context = RouterContext<RequestState>;
/** `permissions` is what who asks may do. */
export type Handler = (ctx: Context, permissions: Permissions) => Promise<void> | void;
