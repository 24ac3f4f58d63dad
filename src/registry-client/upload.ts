import type { Digest } from '../oci/digest.ts';
import { locationOf, withQuery } from './location.ts';
import { refusal, RegistryError } from './registry-error.ts';
import { isCut, type Requester } from './requester.ts';
import type { RegistryUrl } from './registry-url.ts';
import type { WireAnswer } from './wire.ts';

/** How often in a row a piece may be cut without a byte getting through. */
const MAX_FRUITLESS = 5;

/** Bytes that can be sent again from any of them. */
export interface Piece {
  /** Bytes of the blob before it. */
  readonly start: number;
  readonly size: number;
  /** @param from - how many of its bytes to leave out */
  open(from: number): AsyncIterable<Uint8Array>;
  /** Whether it is all of the blob. Registries want no Content-Range then, and some know none. */
  readonly whole: boolean;
}

/** One upload session of a registry (distribution-spec, "Pushing a blob in chunks"). */
export class Upload {
  readonly #requester: Requester;
  readonly #registry: RegistryUrl;
  readonly #scope: string;
  readonly #what: string;
  #location: URL;

  /** @param opened - the 202 that told of it, and where it was asked for */
  constructor(options: {
    readonly requester: Requester;
    readonly registry: RegistryUrl;
    readonly scope: string;
    readonly what: string;
    readonly from: URL;
    readonly opened: WireAnswer;
  }) {
    const { requester, registry, scope, what, from, opened } = options;
    this.#requester = requester;
    this.#registry = registry;
    this.#scope = scope;
    this.#what = what;
    this.#location = locationOf(opened.headers.location, from, registry, what);
  }

  /**
   * Sends a piece. Where the connection is cut in the middle, the registry is asked how far it came, and the rest is
   * sent.
   *
   * @throws RegistryError where it does not get on; whatever the bytes throw
   */
  async send(piece: Piece, onSent: (bytes: number) => void): Promise<void> {
    const end = piece.start + piece.size;
    let from = piece.start;
    let told = 0;
    const tell = (bytes: number): void => {
      told += bytes;
      onSent(bytes);
    };
    for (let fruitless = 0; ;) {
      const answer = await this.#patch(piece, from, tell);
      if (answer === 'taken') return;
      fruitless += 1;
      if (fruitless > MAX_FRUITLESS) throw answer;
      await this.#requester.pause(fruitless);
      const reached = await this.#reached(answer);
      if (reached < piece.start || reached > end) {
        throw new RegistryError(`${this.#what}: the registry has lost the upload`);
      }
      if (reached > from) fruitless = 0;
      tell(reached - piece.start - told);
      if (reached === end) return;
      from = reached;
    }
  }

  /** Closes the session: the registry checks the digest and has the blob from now on. */
  async finish(digest: Digest): Promise<void> {
    const url = withQuery(this.#location, 'digest', digest);
    const headers = { 'content-length': '0', 'content-type': 'application/octet-stream' };
    const answer = await this.#requester.ask({
      method: 'PUT',
      url,
      headers,
      body: Buffer.alloc(0),
      scope: this.#scope,
      what: this.#what,
    });
    const body = await answer.short();
    if (answer.status !== 201) throw refusal(this.#what, answer.status, body);
  }

  /** Gives the session up. It would go away by itself some day, so it does not matter whether this succeeds. */
  async cancel(): Promise<void> {
    const request = { method: 'DELETE', url: this.#location, scope: this.#scope } as const;
    await this.#requester.ask({ ...request, what: this.#what }).then(
      (answer) => answer.short(),
      () => undefined,
    );
  }

  async #patch(
    piece: Piece,
    from: number,
    onSent: (bytes: number) => void,
  ): Promise<'taken' | Error> {
    const size = piece.start + piece.size - from;
    const range = { 'content-range': `${from}-${from + size - 1}` };
    try {
      const answer = await this.#requester.sendBody({
        method: 'PATCH',
        url: this.#location,
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(size),
          ...((from > piece.start || !piece.whole) && range),
        },
        body: counted(piece.open(from - piece.start), onSent),
        scope: this.#scope,
        what: this.#what,
      });
      const body = await answer.short();
      if (answer.status === 202) {
        this.#moveTo(answer);
        return 'taken';
      }
      const failure = refusal(this.#what, answer.status, body);
      // 401: the token has expired meanwhile, which asking for the state puts right. 416: it is further than we thought.
      const again = answer.status === 401 || answer.status === 416 || answer.status >= 500;
      if (again) return failure;
      throw failure;
    } catch (error) {
      if (error instanceof RegistryError && isCut(error)) return error;
      throw error;
    }
  }

  /** Bytes that the registry has (end-13). */
  async #reached(failure: Error): Promise<number> {
    const answer = await this.#requester.ask({
      method: 'GET',
      url: this.#location,
      scope: this.#scope,
      what: this.#what,
    });
    await answer.short();
    if (answer.status !== 204 && answer.status !== 202) throw failure;
    this.#moveTo(answer);
    const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.range ?? '') ?? [];
    if (last === undefined) throw failure;
    // `0-0` is both "nothing" and "one byte". The byte more is sent again, or refused with 416 and asked about again.
    return last === '0' ? 0 : Number(last) + 1;
  }

  #moveTo(answer: WireAnswer): void {
    if (answer.headers.location === undefined) return;
    this.#location = locationOf(
      answer.headers.location,
      this.#location,
      this.#registry,
      this.#what,
    );
  }
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk;
    onSent(chunk.byteLength);
  }
}
