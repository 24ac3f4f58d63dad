import { NDJSON } from '../../api/protocol.ts';
import type { Context } from '../context.ts';
import { toOciError } from '../errors.ts';

/**
 * An answer of one JSON value a line, told while the work is done. Lines are small and few, so a client that does not read
 * them yet, as browsers do not while they send, holds nothing up.
 */
export class AnswerLines<Line> {
  readonly #ctx: Context;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  write(line: Line): void {
    const ctx = this.#ctx;
    if (!ctx.res.headersSent) {
      ctx.respond = false;
      ctx.status = 200;
      ctx.set({ 'Content-Type': NDJSON, 'Cache-Control': 'no-store' });
      ctx.res.flushHeaders();
    }
    ctx.res.write(`${JSON.stringify(line)}\n`);
  }

  end(): void {
    this.#ctx.res.end();
  }

  /** Ends with the failure as the last line; throws it where no line has been written, for a status of its own. */
  fail(error: unknown): void {
    const ctx = this.#ctx;
    if (!ctx.res.headersSent) throw error;
    ctx.state.failure = error;
    const { entries } = toOciError(error, ctx.state.operation);
    ctx.res.end(`${JSON.stringify({ errors: entries })}\n`);
  }
}
