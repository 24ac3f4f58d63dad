import { NDJSON } from '../../api/protocol.ts';
import type { Context } from '../context.ts';
import { toOciError } from '../errors.ts';

/**
 * An answer of one JSON value a line, told while the work is done. The work waits for nobody: browsers do not read before they
 * have sent all, and others may never. While the client does not read, a line takes the place of the one before it about the same
 * thing, so that no more waits than there are things; the last line always comes.
 */
export class AnswerLines<Line extends object> {
  readonly #ctx: Context;
  /** What the connection has no room for yet, by what it is about. */
  readonly #waiting = new Map<string, Line>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** Tells how far it is. @param about - what the line replaces an earlier one of */
  write(line: Line, about = ''): void {
    const { res } = this.#ctx;
    if (!res.headersSent) this.#begin();
    if (!res.writableNeedDrain) {
      send(this.#ctx, line);
      return;
    }
    // Behind those that have not changed since.
    this.#waiting.delete(about);
    this.#waiting.set(about, line);
  }

  /** Ends with the last line, behind all that waits. */
  end(last: Line): void {
    if (!this.#ctx.res.headersSent) this.#begin();
    this.#finish(last);
  }

  /** Ends with the failure as the last line; throws it where no line has been written, for a status of its own. */
  fail(error: unknown): void {
    const ctx = this.#ctx;
    if (!ctx.res.headersSent) throw error;
    ctx.state.failure = error;
    const { entries } = toOciError(error, ctx.state.operation);
    this.#finish({ errors: entries });
  }

  #begin(): void {
    const ctx = this.#ctx;
    ctx.respond = false;
    ctx.status = 200;
    ctx.set({ 'Content-Type': NDJSON, 'Cache-Control': 'no-store' });
    ctx.res.flushHeaders();
    ctx.res.on('drain', () => this.#drain());
  }

  #drain(): void {
    for (const [about, line] of this.#waiting) {
      if (this.#ctx.res.writableNeedDrain) return;
      this.#waiting.delete(about);
      send(this.#ctx, line);
    }
  }

  #finish(last: object): void {
    for (const line of this.#waiting.values()) send(this.#ctx, line);
    this.#waiting.clear();
    send(this.#ctx, last);
    this.#ctx.res.end();
  }
}

function send({ res }: Context, line: object): void {
  res.write(`${JSON.stringify(line)}\n`);
}
