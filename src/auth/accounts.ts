/** The accounts of an htpasswd file, read again when it changes. */
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Htpasswd, parseHtpasswd } from '../config/htpasswd.ts';

/** A removed account is shut out within this; polling works on every file system, also on mounted secrets. */
const POLL_MS = 1_000;

export interface AccountEvents {
  accountsReloaded(accounts: number): void;
  /** The file cannot be used; the accounts read before stay. */
  accountsBroken(problems: readonly string[]): void;
}

export class Accounts {
  readonly #file: string;
  readonly #events: AccountEvents;
  #hashes: ReadonlyMap<string, string>;
  #reading: Promise<void> = Promise.resolve();

  private constructor(file: string, hashes: ReadonlyMap<string, string>, events: AccountEvents) {
    this.#file = file;
    this.#hashes = hashes;
    this.#events = events;
    watchFile(file, { interval: POLL_MS, persistent: false }, this.#changed);
  }

  /** Rejects where the file cannot be read or is broken. */
  static async open(file: string, events: AccountEvents): Promise<Accounts> {
    const { hashes, problems } = await read(file);
    if (problems.length > 0) throw new Error(`${file}: ${problems.join('; ')}`);
    return new Accounts(file, hashes, events);
  }

  /** The bcrypt hash of an account, or undefined where there is none of that name. */
  hashOf(name: string): string | undefined {
    return this.#hashes.get(name);
  }

  /** Any hash of the file: what an unknown name is checked against, so that it takes as long as a known one. */
  get decoy(): string {
    const [hash] = this.#hashes.values();
    if (hash === undefined) throw new Error('there is no account');
    return hash;
  }

  async close(): Promise<void> {
    unwatchFile(this.#file, this.#changed);
    await this.#reading;
  }

  readonly #changed = (): void => {
    this.#reading = this.#reading.then(() => this.#reload());
  };

  async #reload(): Promise<void> {
    const { hashes, problems } = await read(this.#file);
    if (problems.length > 0) {
      this.#events.accountsBroken(problems);
      return;
    }
    this.#hashes = hashes;
    this.#events.accountsReloaded(hashes.size);
  }
}

async function read(file: string): Promise<Htpasswd> {
  try {
    return parseHtpasswd(await readFile(file, 'utf8'));
  } catch (error) {
    return {
      hashes: new Map(),
      problems: [error instanceof Error ? error.message : String(error)],
    };
  }
}
