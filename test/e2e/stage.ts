import { join } from 'node:path';
import type { Bench } from './bench.ts';
import type { Client, ClientKind } from './client.ts';
import type { Images } from './images.ts';

/** What a scenario plays on: a fresh Holdfast, with one client started. */
export class Stage {
  readonly bench: Bench;
  readonly client: Client;
  readonly images: Images;
  readonly signal: AbortSignal;
  readonly #kind: ClientKind;
  readonly #directory: string;
  readonly #clients: Client[];
  #started = 1;

  private constructor(setting: Setting, client: Client) {
    this.bench = setting.bench;
    this.images = setting.images;
    this.signal = setting.signal;
    this.#kind = setting.kind;
    this.#directory = setting.directory;
    this.client = client;
    this.#clients = [client];
  }

  /** Throws where the client cannot start on this machine. */
  static async open(setting: Setting): Promise<Stage> {
    const { kind, directory, bench, signal } = setting;
    const { address, mirrorAddress } = bench.holdfast;
    const home = join(directory, 'client');
    return new Stage(setting, await kind.start(home, address, signal, mirrorAddress));
  }

  /** One more client of the same kind, with a storage of its own. */
  async another(): Promise<Client> {
    this.#started += 1;
    const directory = join(this.#directory, `client-${this.#started}`);
    const { address, mirrorAddress } = this.bench.holdfast;
    const client = await this.#kind.start(directory, address, this.signal, mirrorAddress);
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
  }
}

export interface Setting {
  readonly kind: ClientKind;
  readonly bench: Bench;
  readonly images: Images;
  /** For the clients. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

export type Scenario = (stage: Stage) => Promise<void>;
