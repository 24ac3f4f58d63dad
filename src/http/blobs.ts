/** Blobs: end-2 and end-10 of the distribution spec. */
import type { Handler } from './context.ts';
import { accepted } from './manifests.ts';
import { digestOfPath, pullTarget } from './params.ts';
import {
  isNotModified,
  sendBlob,
  sendBlobHead,
  sendNotModified,
  setContentHeaders,
} from './send-content.ts';
import type { Services } from './services.ts';

export function getBlob(services: Services): Handler {
  const { content, accelRedirect } = services;
  return async (ctx, permissions) => {
    const target = await pullTarget(ctx, services, permissions);
    const digest = digestOfPath(ctx);
    if (ctx.method === 'HEAD') {
      const { size, source, outcome } = await content.headBlob(target, digest);
      ctx.state.source = source;
      setContentHeaders(ctx, digest, outcome);
      return isNotModified(ctx, digest) ? sendNotModified(ctx) : sendBlobHead(ctx, size);
    }
    const blob = await content.blob(target, digest);
    ctx.state.source = blob.source;
    setContentHeaders(ctx, digest, blob.outcome);
    return isNotModified(ctx, digest) ? sendNotModified(ctx) : sendBlob(ctx, blob, accelRedirect);
  };
}

export function deleteBlob(services: Services): Handler {
  return async (ctx, permissions) => {
    const target = await pullTarget(ctx, services, permissions, 'delete');
    await services.deletes.blob(target, digestOfPath(ctx));
    accepted(ctx);
  };
}
