import { ArchiveError } from '../../archive/archive-error.ts';
import type { Content } from '../../archive/content.ts';
import type { Depot } from '../../archive/depot.ts';
import type { HashedBytes } from '../../archive/hashed-bytes.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RegistryClient } from '../../registry-client/registry-client.ts';
import type { Progress } from '../progress.ts';
import type { RegistrySink } from './registry-sink.ts';

/** Sends large entries of a stream on to the registry as they arrive: nothing of them is kept on this machine. */
export class DirectDepot implements Depot {
  readonly #repository: string;
  readonly #client: RegistryClient;
  readonly #sink: RegistrySink;
  readonly #progress: Progress;

  constructor(options: {
    readonly repository: string;
    readonly client: RegistryClient;
    readonly sink: RegistrySink;
    readonly progress: Progress;
  }) {
    this.#repository = options.repository;
    this.#client = options.client;
    this.#sink = options.sink;
    this.#progress = options.progress;
  }

  async keep(bytes: HashedBytes, promised: Digest | undefined): Promise<Content> {
    const outcome = await this.#send(bytes, promised);
    this.#sink.note(this.#repository, bytes.digest, outcome);
    return {
      size: bytes.size,
      open: () => {
        throw new ArchiveError(
          'this has been sent on and cannot be read again; import from a file',
        );
      },
    };
  }

  async #send(bytes: HashedBytes, promised: Digest | undefined): Promise<'held' | 'sent'> {
    if (promised !== undefined && (await this.#client.hasBlob(this.#repository, promised))) {
      for await (const chunk of bytes) void chunk;
      return 'held';
    }
    const line = this.#progress.add(promised ?? 'a layer');
    let sent = 0;
    const source = {
      [Symbol.asyncIterator]: () => bytes[Symbol.asyncIterator](),
      /** Asked for before the upload is closed: what is not as promised is given up, not stored. */
      get digest(): Digest {
        if (promised === undefined || promised === bytes.digest) return bytes.digest;
        throw new ArchiveError(`the content of ${promised} has the digest ${bytes.digest}`);
      },
    };
    try {
      await this.#client.pushStream(this.#repository, source, (count) => {
        sent += count;
        line.update(sent);
      });
      line.end('sent');
      return 'sent';
    } catch (error) {
      line.end('failed');
      throw error;
    }
  }
}
