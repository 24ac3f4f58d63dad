/**
 * The body of one upstream blob, across connections: a drop or a stall is taken up again where it ended, with `Range`,
 * from the registry URL (a new token, a new redirect). Progress resets the count of tries.
 */
import type { Digest } from '../oci/digest.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { Upstream, UpstreamBlob } from '../upstream/upstream.ts';
import { resuming, triesAllowed } from './resuming.ts';

export interface UpstreamBodyOptions {
  readonly upstream: Upstream;
  readonly repository: MirroredRepository;
  readonly digest: Digest;
  /** Bytes of the whole blob, where a manifest has told. */
  readonly size: number | undefined;
  readonly signal: AbortSignal;
  /** Upstream's headers are in, for the first time or again. `isTold`: the size is its own word, and no manifest's. */
  readonly onHead: (size: number | undefined, isTold: boolean) => void;
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
  from(start: number): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal, onResume } = this.#options;
    return resuming(start, (position) => this.#read(position), {
      signal,
      end: () => this.#size,
      onResume,
      tries: (error) => triesAllowed(this.#answered, error),
    });
  }

  async *#read(position: number): AsyncGenerator<Uint8Array> {
    const begun = this.#begun;
    this.#begun = undefined;
    const answer = await (begun ?? this.#request(position));
    this.#answered = true;
    this.#options.onHead(this.#size, answer.size !== undefined);
    let read = position;
    for await (const chunk of wanted(answer, position, this.#size)) {
      read += chunk.byteLength;
      yield chunk;
    }
    if (this.#size !== undefined && read < this.#size) {
      throw new UpstreamError('unreachable', 'upstream ended the body too early');
    }
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
