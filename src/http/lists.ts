/** Tags (end-8), referrers (end-12) and the Docker catalog. */
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import { MediaType } from '../oci/media-types.ts';
import type { NamePage } from '../registry/list.ts';
import type { Context, Handler } from './context.ts';
import { digestOfPath, pageOf, pullTarget, queryText } from './params.ts';
import type { Services } from './services.ts';

/** Clients read an index of 4 MiB at most; a page stays below that however long its annotations are. */
const MAX_REFERRERS_BYTES = 3_500_000;
const MAX_REFERRERS = 1_000;

export function listTags(services: Services): Handler {
  return async (ctx, permissions) => {
    const target = await pullTarget(ctx, services, permissions);
    const page = await services.lists.tags(target, pageOf(ctx));
    sendPage(ctx, page, { name: ctx.params['name'], tags: page.names });
  };
}

export function listCatalog({ lists }: Services): Handler {
  return async (ctx, permissions) => {
    const page = await lists.catalog(pageOf(ctx), (one) => permissions.canSee(one));
    sendPage(ctx, page, { repositories: page.names });
  };
}

export function listReferrers(services: Services): Handler {
  return async (ctx, permissions) => {
    const target = await pullTarget(ctx, services, permissions);
    const subject = digestOfPath(ctx);
    // An empty one is no filter: it is what a script without a type to ask for sends.
    const told = queryText(ctx, 'artifactType');
    const artifactType = told === '' ? undefined : told;
    const { descriptors, next } = await services.lists.referrers(target, subject, {
      artifactType,
      after: parseDigest(queryText(ctx, 'last') ?? ''),
      limit: MAX_REFERRERS,
    });
    const shown = fitting(descriptors);
    const last = shown.length < descriptors.length ? shown.at(-1)?.digest : next;
    if (artifactType !== undefined) ctx.set('OCI-Filters-Applied', 'artifactType');
    if (last) setNext(ctx, { last });
    sendJson(ctx, MediaType.ociIndex, {
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests: shown,
    });
  };
}

/** As many as one page may have, but one at least, or it would never go on. */
function fitting(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  let bytes = 0;
  const end = descriptors.findIndex((one, index) => {
    bytes += Buffer.byteLength(JSON.stringify(one));
    return index > 0 && bytes > MAX_REFERRERS_BYTES;
  });
  return end === -1 ? descriptors : descriptors.slice(0, end);
}

function sendPage(ctx: Context, { next }: NamePage, body: object): void {
  if (next) setNext(ctx, next);
  sendJson(ctx, 'application/json', body);
}

/** `Link` to the next page (RFC 8288): path-absolute, with the query that this page was asked with. */
function setNext(
  ctx: Context,
  position: { readonly n?: number | undefined; readonly last?: string | undefined },
): void {
  const query = new URLSearchParams(ctx.querystring.replaceAll('+', '%2B'));
  if (position.n !== undefined) query.set('n', String(position.n));
  if (position.last !== undefined) query.set('last', position.last);
  ctx.set('Link', `<${ctx.path}?${query.toString()}>; rel="next"`);
}

function sendJson(ctx: Context, type: string, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  ctx.respond = false;
  ctx.status = 200;
  ctx.set({ 'Content-Type': type, 'Content-Length': String(bytes.byteLength) });
  ctx.state.sentBytes = bytes.byteLength;
  ctx.res.end(bytes);
}
