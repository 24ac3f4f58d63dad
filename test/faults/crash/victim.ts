/** A server that is going to be killed under its clients, and how they tell its death from a mistake. */
import assert from 'node:assert/strict';
import type { ServerProcess } from '../server-process.ts';

/** Ends a client: the server is gone, or its round is over. */
export class OverError extends Error {
  override readonly name = 'OverError';
}

export class Victim {
  readonly port: number;
  readonly #server: ServerProcess;
  #dying = false;
  #answers = 0;

  constructor(server: ServerProcess) {
    this.#server = server;
    this.port = server.port;
  }

  get dying(): boolean {
    return this.#dying;
  }

  /** Whole answers so far. */
  get answers(): number {
    return this.#answers;
  }

  /** A whole answer; OverError where the server was killed before that. */
  async ask(
    path: string,
    init: RequestInit = {},
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Buffer }> {
    if (this.#dying) throw new OverError();
    try {
      const response = await this.#server.fetch(path, init);
      const body = Buffer.from(await response.arrayBuffer());
      this.#answers += 1;
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      if (this.#dying) throw new OverError();
      throw error;
    }
  }

  /** An answer of exactly this status. */
  async expect(status: number, path: string, init: RequestInit = {}): Promise<Headers> {
    const answer = await this.ask(path, init);
    assert.equal(answer.status, status, `${init.method} ${path}: ${answer.body.toString()}`);
    return answer.headers;
  }

  async kill(): Promise<void> {
    this.#dying = true;
    await this.#server.kill();
  }
}

/** Runs a client again and again until the server is gone. */
export async function untilOver(work: () => Promise<void>): Promise<void> {
  try {
    for (;;) await work();
  } catch (error) {
    if (!(error instanceof OverError)) throw error;
  }
}
