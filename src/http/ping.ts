import type { Handler } from './context.ts';

const BODY = Buffer.from('{}');

/**
 * end-1: says that this is a registry. Clients send credentials or leave on anything but 200 or 401. With accounts it asks who
 * is there also where everybody may pull: Docker looks for a challenge here and nowhere else.
 */
export const ping: Handler = (ctx, permissions) => {
  permissions.requireKnown();
  ctx.respond = false;
  ctx.status = 200;
  ctx.set({ 'Content-Type': 'application/json', 'Content-Length': String(BODY.byteLength) });
  ctx.res.end(BODY);
};
