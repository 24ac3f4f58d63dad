import type { Handler } from './context.ts';

const BODY = Buffer.from('{}');

/** end-1: says that this is a registry. Clients send credentials or leave on anything but 200 or 401. */
export const ping: Handler = (ctx) => {
  ctx.respond = false;
  ctx.status = 200;
  ctx.set({ 'Content-Type': 'application/json', 'Content-Length': String(BODY.byteLength) });
  ctx.res.end(BODY);
};
