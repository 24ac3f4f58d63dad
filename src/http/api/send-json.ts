import type { Context } from '../context.ts';

/** What is told is of this moment, and of who asks. */
export function sendJson(ctx: Context, answer: object): void {
  const body = Buffer.from(JSON.stringify(answer));
  ctx.status = 200;
  ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  ctx.body = body;
  ctx.set('Content-Type', 'application/json');
  ctx.state.sentBytes = body.byteLength;
}
