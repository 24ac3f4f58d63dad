import type { DigestAlgorithm } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import type { BlobStore, BlobWriter } from '../store/blob-store.ts';

/** Open writers cost a file descriptor each; the ones not used longest are put away and taken up again when needed. */
const MAX_OPEN = 256;

interface OpenUpload {
  readonly writer: Promise<BlobWriter>;
  /** Settles when the last request queued so far is done. */
  tail: Promise<unknown>;
  users: number;
  ended: boolean;
}

/** The writers of upload sessions: opened when first needed, also after a restart, and used by one request at a time. */
export class OpenUploads {
  readonly #blobs: BlobStore;
  readonly #open = new Map<string, OpenUpload>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** Runs `task` alone on the session's writer, after those that came before it. */
  async use<Value>(
    id: string,
    algorithm: DigestAlgorithm,
    task: (writer: BlobWriter) => Promise<Value>,
  ): Promise<Value> {
    const upload = this.#get(id, algorithm);
    upload.users += 1;
    const done = upload.tail.then(async () => {
      // Finished or cancelled by the request before this one.
      if (upload.ended) throw new OciError('BLOB_UPLOAD_UNKNOWN', { detail: { id } });
      try {
        return await task(await upload.writer);
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

  #get(id: string, algorithm: DigestAlgorithm): OpenUpload {
    const upload = this.#open.get(id) ?? {
      writer: this.#openWriter(id, algorithm),
      tail: Promise.resolve(),
      users: 0,
      ended: false,
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
