import type { Clock } from '../clock.ts';
import type { DigestAlgorithm } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import type { BlobStore, BlobWriter, Bytes } from '../store/blob-store.ts';

/** Open writers cost a file descriptor each; the ones not used longest are put away and taken up again when needed. */
const MAX_OPEN = 256;

/**
 * A request that nothing has come of for so long gives way to a newer one of its session: clients try again on a new
 * connection when one has died, which the server may not notice for minutes.
 */
const SILENCE_MS = 5_000;
/** How often a request that waits looks. */
const LOOK_MS = 100;

/** The client has sent another request for the session, and nothing came of this one any more. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

/** Appends a body to the session's writer. */
export type Receive = (body: Bytes) => Promise<void>;

interface OpenUpload {
  readonly writer: Promise<BlobWriter>;
  /** Settles when the last request queued so far is done. */
  tail: Promise<unknown>;
  users: number;
  ended: boolean;
  /** Ends the body that is arriving, if one is. */
  receiving: AbortController | undefined;
}

/** The writers of upload sessions: opened when first needed, also after a restart, and used by one request at a time. */
export class OpenUploads {
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenUpload>();

  constructor(blobs: BlobStore, clock: Clock) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  /** Runs `task` alone on the session's writer, after those that came before it. Of those a body that has gone silent is ended. */
  async use<Value>(
    id: string,
    algorithm: DigestAlgorithm,
    task: (writer: BlobWriter, receive: Receive) => Promise<Value>,
  ): Promise<Value> {
    const upload = this.#get(id, algorithm);
    const waiting = upload.users > 0 ? this.#endSilent(upload) : undefined;
    upload.users += 1;
    const done = upload.tail.then(async () => {
      clearInterval(waiting);
      // Finished or cancelled by the request before this one.
      if (upload.ended) throw new OciError('BLOB_UPLOAD_UNKNOWN', { detail: { id } });
      try {
        const writer = await upload.writer;
        return await task(writer, (body) => receive(upload, writer, body));
      } catch (error) {
        // Cancelled under this one: whatever the writer says, the client is told that.
        if (!upload.ended) throw error;
        throw new OciError('BLOB_UPLOAD_UNKNOWN', { detail: { id }, cause: error });
      }
    });
    upload.tail = done.catch(() => undefined); // its own request is told; the next one starts anew
    try {
      return await done;
    } finally {
      upload.users -= 1;
      await this.#trim();
    }
  }

  /** Looks at the writer without waiting for the request that uses it. */
  async peek<Value>(
    id: string,
    algorithm: DigestAlgorithm,
    look: (writer: BlobWriter) => Value,
  ): Promise<Value> {
    const upload = this.#get(id, algorithm);
    upload.users += 1;
    try {
      return look(await upload.writer);
    } finally {
      upload.users -= 1;
      await this.#trim();
    }
  }

  /** The session has ended; requests that wait for its writer are told so. */
  end(id: string): void {
    const upload = this.#open.get(id);
    if (upload) upload.ended = true;
    this.#open.delete(id);
  }

  /** Ends the session and drops its bytes, also under a request that is using it: its client may never send more. */
  async abort(id: string, algorithm: DigestAlgorithm): Promise<void> {
    const upload = this.#get(id, algorithm);
    upload.ended = true;
    try {
      await (await upload.writer).abort(new OciError('BLOB_UPLOAD_UNKNOWN', { detail: { id } }));
    } finally {
      this.#open.delete(id);
    }
  }

  /** A request is at work on the session now. */
  isUsed(id: string): boolean {
    return (this.#open.get(id)?.users ?? 0) > 0;
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(async ({ writer }) => (await writer).suspend()));
  }

  /** Looks again and again whether the body that arrives grows, until it is stopped. What has arrived is kept. */
  #endSilent(upload: OpenUpload): NodeJS.Timeout {
    let seen: { readonly body: AbortController; readonly size: number; readonly at: number };
    const look = async (): Promise<void> => {
      const { receiving } = upload;
      if (!receiving) return;
      const { size } = await upload.writer;
      const now = this.#clock.now();
      if (seen?.body !== receiving || seen.size !== size) seen = { body: receiving, size, at: now };
      else if (now - seen.at >= SILENCE_MS) receiving.abort(new SupersededError());
    };
    return setInterval(() => void look().catch(() => undefined), LOOK_MS);
  }

  #get(id: string, algorithm: DigestAlgorithm): OpenUpload {
    const upload = this.#open.get(id) ?? {
      writer: this.#openWriter(id, algorithm),
      tail: Promise.resolve(),
      users: 0,
      ended: false,
      receiving: undefined,
    };
    this.#open.delete(id);
    // Last in the map: most recently used.
    this.#open.set(id, upload);
    return upload;
  }

  async #openWriter(id: string, algorithm: DigestAlgorithm): Promise<BlobWriter> {
    try {
      const name = `upload-${id}`;
      const options = { algorithm };
      return (await this.#blobs.resume(name, options)) ?? (await this.#blobs.create(name, options));
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  async #trim(): Promise<void> {
    for (const [id, upload] of this.#open) {
      if (this.#open.size <= MAX_OPEN) return;
      if (upload.users > 0) continue;
      this.#open.delete(id);
      await (await upload.writer).suspend();
    }
  }
}

async function receive(upload: OpenUpload, writer: BlobWriter, body: Bytes): Promise<void> {
  const receiving = new AbortController();
  upload.receiving = receiving;
  try {
    await writer.append(body, receiving.signal);
  } finally {
    upload.receiving = undefined;
  }
}
