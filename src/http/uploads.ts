/** Blob uploads: end-4 to end-6, end-11, end-13 and end-14 of the distribution spec. */
import type { Digest } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import { displayName, type HostedRepository, type Repository } from '../oci/repository.ts';
import { type Chunk, OutOfOrderError, type Upload } from '../registry/push-blob.ts';
import { SupersededError } from '../registry/open-uploads.ts';
import type { Context, Handler } from './context.ts';
import { ClientGoneError } from './errors.ts';
import { accepted } from './manifests.ts';
import type { Permissions } from './permissions.ts';
import { algorithmOf, mountSources, pushTarget, queryText, requireDigest } from './params.ts';
import { parseChunkRange } from './range.ts';
import { requestBody } from './request-body.ts';
import type { Services } from './services.ts';

/** POST: opens a session, or takes the whole blob (`digest`), or mounts it (`mount`). */
export function postUpload(services: Services): Handler {
  const { naming, pushBlob } = services;
  return async (ctx, permissions) => {
    const { repository } = pushTarget(ctx, naming, permissions);
    const algorithm = algorithmOf(ctx);
    const mount = queryText(ctx, 'mount');
    const digest = queryText(ctx, 'digest');
    if (
      mount !== undefined &&
      (await mountBlob(services, ctx, permissions, repository, requireDigest(mount)))
    ) {
      return created(ctx, repository, requireDigest(mount));
    }
    if (mount === undefined && digest !== undefined) {
      const whole = requireDigest(digest);
      await pushBlob.push(repository, whole, algorithm, requestBody(ctx));
      return created(ctx, repository, whole);
    }
    const upload = await pushBlob.begin(repository, algorithm);
    setSessionHeaders(ctx, repository, upload);
    accepted(ctx);
  };
}

export function patchUpload({ naming, pushBlob }: Services): Handler {
  return async (ctx, permissions) => {
    const { repository } = pushTarget(ctx, naming, permissions);
    const chunk = chunkOf(ctx);
    const upload = await inOrder(ctx, repository, () =>
      pushBlob.append(repository, uploadId(ctx), chunk),
    );
    setSessionHeaders(ctx, repository, upload);
    accepted(ctx);
  };
}

export function putUpload({ naming, pushBlob }: Services): Handler {
  return async (ctx, permissions) => {
    const { repository } = pushTarget(ctx, naming, permissions);
    const digest = requireDigest(queryText(ctx, 'digest') ?? '');
    const chunk = hasBody(ctx) ? chunkOf(ctx) : undefined;
    await inOrder(ctx, repository, () => pushBlob.finish(repository, uploadId(ctx), digest, chunk));
    created(ctx, repository, digest);
  };
}

export function getUpload({ naming, pushBlob }: Services): Handler {
  return async (ctx, permissions) => {
    const { repository } = pushTarget(ctx, naming, permissions);
    setSessionHeaders(ctx, repository, await pushBlob.status(repository, uploadId(ctx)));
    ctx.body = null;
  };
}

export function deleteUpload({ naming, pushBlob }: Services): Handler {
  return async (ctx, permissions) => {
    const { repository } = pushTarget(ctx, naming, permissions);
    await pushBlob.cancel(repository, uploadId(ctx));
    ctx.body = null;
  };
}

async function mountBlob(
  { naming, metadata, pushBlob }: Services,
  ctx: Context,
  permissions: Permissions,
  repository: HostedRepository,
  digest: Digest,
): Promise<boolean> {
  const from = queryText(ctx, 'from');
  // Without a source any repository that the client may read will do (spec: automatic content discovery).
  const sources: readonly Repository[] =
    from === undefined
      ? (await metadata.listBlobRepositories(digest)).filter((one) =>
          permissions.may('pull', one, displayName(one)),
        )
      : mountSources(from, naming, permissions);
  return pushBlob.mount(repository, digest, sources);
}

/** A chunk out of order is a 416 that tells where to go on; the session stays as it is. */
async function inOrder<Value>(
  ctx: Context,
  repository: HostedRepository,
  write: () => Promise<Value>,
): Promise<Value> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof SupersededError) {
      ctx.req.destroy();
      throw new ClientGoneError('the client went on in a newer request', { cause: error });
    }
    if (!(error instanceof OutOfOrderError)) throw error;
    setSessionHeaders(ctx, repository, error.upload);
    throw new OciError('BLOB_UPLOAD_INVALID', {
      status: 416,
      message: error.message,
      cause: error,
    });
  }
}

function chunkOf(ctx: Context): Chunk {
  const header = ctx.get('Content-Range');
  if (header === '') return { range: undefined, body: requestBody(ctx) };
  const range = parseChunkRange(header);
  if (!range) {
    throw new OciError('BLOB_UPLOAD_INVALID', { message: 'Content-Range must be <first>-<last>' });
  }
  const { length } = ctx.request;
  if (length !== undefined && length !== range.last - range.first + 1) {
    throw new OciError('SIZE_INVALID', { detail: { contentRange: header, contentLength: length } });
  }
  return { range, body: requestBody(ctx) };
}

function hasBody(ctx: Context): boolean {
  return ctx.get('Transfer-Encoding') !== '' || (ctx.request.length ?? 0) > 0;
}

function uploadId(ctx: Context): string {
  return ctx.params['id'] ?? '';
}

function setSessionHeaders(ctx: Context, repository: HostedRepository, upload: Upload): void {
  ctx.set({
    Location: `/v2/${repository.name}/blobs/uploads/${upload.id}`,
    // Docker reads this with "%d-%d" and refuses an end before the start: an empty upload says 0-0.
    Range: `0-${Math.max(0, upload.size - 1)}`,
    'Docker-Upload-UUID': upload.id,
  });
}

function created(ctx: Context, repository: HostedRepository, digest: Digest): void {
  ctx.body = null;
  ctx.status = 201;
  ctx.set({
    Location: `/v2/${repository.name}/blobs/${digest}`,
    'Docker-Content-Digest': digest,
    'Content-Length': '0',
  });
}
