/**
 * The body of one upstream blob, across connections: a drop or a stall is taken up again where it ended, with `Range`,
 * from the registry URL (a new token, a new redirect). Progress resets the count of tries.
 */
import type { Digest } from '../oci/digest.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { Upstream, UpstreamBlob } from '../upstream/upstream.ts';
import { backoff } from './backoff.ts';

/** Tries without a single byte of progress after which it gives up. */
const MAX_TRIES = 5;

export interface UpstreamBodyOptions {
  readonly upstream: Upstream;
  readonly repository: MirroredRepository;
  readonly digest: Digest;
  /** Bytes of the whole blob, where a manifest has told. */
  readonly size: number | undefined;
  readonly signal: AbortSignal;
  /** Upstream's headers are in, for the first time or again. */
  readonly onHead: (size: number | undefined) => void;
  readonly onResume: (at: number, cause: Error) => void;
}

export class UpstreamBody {
  readonly #options: UpstreamBodyOptions;
  #size: number | undefined;
  /** Upstream's headers have been seen. */
  #answered = false;
  /** Asked for before anybody reads. */
  #begun: Promise<UpstreamBlob> | undefined;

  constructor(options: UpstreamBodyOptions) {
    this.#options = options;
    this.#size = options.size;
  }

  /** Bytes of the whole blob, as far as anybody has told. */
  get size(): number | undefined {
    return this.#size;
  }

  /** Asks for the whole body now, for `from(0)` to go on with. The signal ends it, too. */
  begin(): void {
    this.#begun = this.#request(0);
    // Whoever reads gets the failure.
    this.#begun.catch(() => undefined);
  }

  /** The bytes from `start` on. Never more than the blob has; fewer only with an UpstreamError. */
  async *from(start: number): AsyncGenerator<Uint8Array, void, undefined> {
    let position = start;
    for (let tries = 0; ;) {
      const before = position;
      try {
        const begun = this.#begun;
        this.#begun = undefined;
        const answer = await (begun ?? this.#request(position));
        this.#answered = true;
        this.#options.onHead(this.#size);
        for await (const chunk of wanted(answer, position, this.#size)) {
          position += chunk.byteLength;
          yield chunk;
        }
        if (this.#size === undefined || position >= this.#size) return;
        throw new UpstreamError('unreachable', 'upstream ended the body too early');
      } catch (error) {
        tries = position > before ? 1 : tries + 1;
        if (!isPassing(error) || tries > this.#triesAllowed(error)) throw error;
        this.#options.onResume(position, error);
        await backoff(tries, this.#options.signal);
      }
    }
  }

  /**
   * Before the headers a failure is an answer, due while the client still waits (its next mirror may do better), and a
   * timeout has used up that wait; after them, bytes are at stake.
   */
  #triesAllowed(error: UpstreamError): number {
    if (this.#answered) return MAX_TRIES;
    return error.kind === 'timeout' ? 0 : 1;
  }

  async #request(from: number): Promise<UpstreamBlob> {
    const { upstream, repository, digest, signal } = this.#options;
    const answer = await upstream.blob(repository.name, digest, from, signal);
    if (answer.size !== undefined) {
      if (this.#size !== undefined && this.#size !== answer.size) {
        // Not begun, it has to be left by hand, or it would hold a connection to upstream for ever.
        await answer.body[Symbol.asyncIterator]().return?.();
        throw new UpstreamError(
          'bad-answer',
          `upstream's ${digest} has ${answer.size} bytes, expected ${this.#size}`,
        );
      }
      this.#size = answer.size;
    }
    return answer;
  }
}

/** Failures of the connection or of the moment, as against an answer that says no. */
function isPassing(error: unknown): error is UpstreamError {
  return (
    error instanceof UpstreamError &&
    (error.kind === 'unreachable' || error.kind === 'timeout' || error.kind === 'unavailable')
  );
}

/** The body from byte `from` on: without what upstream repeats when it ignores `Range`, and never longer than the blob. */
async function* wanted(
  answer: UpstreamBlob,
  from: number,
  size: number | undefined,
): AsyncGenerator<Uint8Array> {
  let position = answer.start;
  for await (const chunk of answer.body) {
    const repeated = from - position;
    position += chunk.byteLength;
    if (size !== undefined && position > size) {
      throw new UpstreamError(
        'bad-answer',
        `upstream sent more than the ${size} bytes of the blob`,
      );
    }
    if (repeated <= 0) yield chunk;
    else if (repeated < chunk.byteLength) yield chunk.subarray(repeated);
  }
}
