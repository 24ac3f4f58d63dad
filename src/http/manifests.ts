/** Manifests: end-3, end-7a, end-7b and end-9 of the distribution spec. */
import { OciError } from '../oci/error-codes.ts';
import { referenceText } from '../oci/reference.ts';
import { MAX_MANIFEST_BYTES } from '../upstream/upstream.ts';
import type { Context, Handler } from './context.ts';
import { pullTarget, pushTarget, referenceOf, tagsOf } from './params.ts';
import { readBody } from './read-body.ts';
import { isNotModified, sendNotModified, setContentHeaders } from './send-content.ts';
import type { Services } from './services.ts';

export function getManifest(services: Services): Handler {
  const { content } = services;
  return async (ctx, permissions) => {
    const target = await pullTarget(ctx, services, permissions);
    const reference = referenceOf(ctx);
    const isHead = ctx.method === 'HEAD';
    const found = isHead
      ? { ...(await content.headManifest(target, reference)), bytes: undefined }
      : await content.manifest(target, reference);
    const { manifest, source, outcome, bytes, again } = found;
    ctx.state.source = source;
    setContentHeaders(ctx, manifest.digest, outcome);
    if (isNotModified(ctx, manifest.digest)) return sendNotModified(ctx);
    // Koa would add a charset, which makes clients refuse the type; and it would drop the length of a HEAD.
    ctx.respond = false;
    ctx.status = 200;
    ctx.set({ 'Content-Type': manifest.mediaType, 'Content-Length': String(manifest.size) });
    ctx.state.sentBytes = bytes?.byteLength ?? 0;
    if (again) ctx.state.again = { ...again, body: bytes };
    ctx.res.end(bytes);
  };
}

export function putManifest({ naming, pushManifest }: Services): Handler {
  return async (ctx, permissions) => {
    const { repository, target } = pushTarget(ctx, naming, permissions);
    const { mirrored } = target;
    const reference = referenceOf(ctx);
    const tags = tagsOf(ctx);
    if (tags.length > 0 && reference.kind === 'tag') {
      throw new OciError('MANIFEST_INVALID', { message: '?tag= goes with a push by digest only' });
    }
    const content = await readBody(ctx, MAX_MANIFEST_BYTES);
    const { digest, subject } = await pushManifest.push({
      repository,
      reference,
      tags,
      content,
      contentType: contentTypeOf(ctx),
      // A push must not bring in what a pull may not see.
      mirrored: mirrored && permissions.may('pull', mirrored) ? mirrored : undefined,
    });
    ctx.set('Location', `/v2/${repository.name}/manifests/${referenceText(reference)}`);
    ctx.set('Docker-Content-Digest', digest);
    if (subject) ctx.set('OCI-Subject', subject);
    if (tags.length > 0) ctx.set('OCI-Tag', tags.join(', '));
    ctx.status = 201;
    ctx.body = null;
    ctx.status = 201;
  };
}

export function deleteManifest(services: Services): Handler {
  return async (ctx, permissions) => {
    const target = await pullTarget(ctx, services, permissions, 'delete');
    await services.deletes.manifest(target, referenceOf(ctx));
    accepted(ctx);
  };
}

/** 202 with an empty body. */
export function accepted(ctx: Context): void {
  ctx.body = null;
  ctx.status = 202;
  ctx.set('Content-Length', '0');
}

function contentTypeOf(ctx: Context): string | undefined {
  const type = ctx.get('Content-Type');
  return type === '' ? undefined : type;
}
