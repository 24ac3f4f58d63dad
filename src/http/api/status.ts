import type { StatusAnswer } from '../../api/status.ts';
import { measuresSpace } from '../../store/blob-store.ts';
import type { Context, Handler } from '../context.ts';
import type { Permissions } from '../permissions.ts';
import type { Services } from '../services.ts';
import { sendJson } from './send-json.ts';

/** What of the configuration the API tells. */
export interface ServerFacts {
  readonly version: string;
  readonly startedAt: number;
  readonly host: string;
  readonly tls: boolean;
  readonly defaultUpstream: string | null;
  readonly offline: boolean;
  readonly storage: {
    readonly dir: string;
    readonly maxSize: number;
    readonly minFree: number;
  };
}

export function getStatus(services: Services): Handler {
  return async (ctx, permissions) => sendJson(ctx, await status(ctx, services, permissions));
}

async function status(
  ctx: Context,
  { facts, metadata, blobs, pullThrough, access }: Services,
  permissions: Permissions,
): Promise<StatusAnswer> {
  const { version, startedAt, defaultUpstream, offline, storage } = facts;
  const totals = await metadata.totals();
  const administer = permissions.can('administer');
  const isToldDefault =
    defaultUpstream !== null && permissions.canSee({ kind: 'upstream', upstream: defaultUpstream });
  return {
    version,
    startedAt,
    listen: addressOf(ctx, facts),
    defaultUpstream: isToldDefault ? defaultUpstream : null,
    offline,
    storage: {
      dir: administer ? storage.dir : null,
      maxSize: storage.maxSize,
      minFree: storage.minFree,
      free: measuresSpace(blobs) ? await blobs.freeSpace() : null,
      blobBytes: totals.blobBytes,
      mirroredBytes: totals.mirroredBytes,
      hostedBytes: totals.blobBytes - totals.mirroredBytes,
      blobs: totals.blobs,
      manifests: totals.manifests,
    },
    fills: pullThrough.fills.filter(({ repository }) => permissions.canSee(repository)).length,
    accounts: access.accounts,
    user: permissions.account ?? null,
    can: {
      pull: permissions.can('pull'),
      push: permissions.can('push'),
      delete: permissions.can('delete'),
      administer,
    },
  };
}

function addressOf(ctx: Context, { host, tls }: ServerFacts): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${ctx.req.socket.localPort ?? 0}`;
}
