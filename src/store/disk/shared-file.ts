import type { FileHandle } from 'node:fs/promises';
import { onDisk } from '../disk-errors.ts';
import { syncInTurn } from './sync.ts';

/**
 * One open file with several users: a writer and all its followers read and write at positions through
 * one descriptor. It closes when the last user lets go, and until then outlives rename and delete.
 */
export class SharedFile {
  readonly #handle: FileHandle;
  #users = 1;

  /** The caller is the first user. */
  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Counts one more user in; false where the last one has left already. */
  share(): boolean {
    if (this.#users === 0) return false;
    this.#users += 1;
    return true;
  }

  /** Lets go; to be called once by each user. */
  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users === 0) await this.#handle.close();
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  /** Fills `target` from `position`; a file that ends before that is an error. */
  async read(target: Uint8Array, position: number): Promise<void> {
    for (let filled = 0; filled < target.length;) {
      const at = position + filled;
      const rest = target.length - filled;
      const { bytesRead } = await this.#handle.read(target, filled, rest, at);
      if (bytesRead === 0) throw new Error(`file ends at byte ${at}, ${rest} bytes early`);
      filled += bytesRead;
    }
  }

  /** Writes all of `source` at `position`, telling `onWritten` after each step how many bytes it added. */
  async write(
    source: Uint8Array,
    position: number,
    onWritten: (bytes: number) => void,
  ): Promise<void> {
    for (let done = 0; done < source.length;) {
      const rest = source.length - done;
      const { bytesWritten } = await onDisk(() =>
        this.#handle.write(source, done, rest, position + done),
      );
      done += bytesWritten;
      onWritten(bytesWritten);
    }
  }

  async truncate(size: number): Promise<void> {
    await onDisk(() => this.#handle.truncate(size));
  }

  /** Resolves when the bytes are safe from power loss. */
  async sync(): Promise<void> {
    await onDisk(() => syncInTurn(() => this.#handle.sync()));
  }
}
