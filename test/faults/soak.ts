/** Clients that leave at any moment, in whatever they do: nothing of them may stay. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../helpers/eventually.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { FakeUpstream } from '../helpers/fake-upstream.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';
import { Random } from './random.ts';
import type { Program } from '../helpers/program.ts';
import { ServerProcess } from './server-process.ts';

const UPSTREAM = 'mirror.test';
const CLIENTS = 16;
const LAYER = 400_000;
/** Bytes per second: a fill lasts long enough to be left. */
const UPSTREAM_SPEED = 4_000_000;
/** The longest that a client waits before it leaves; ms. */
const MAX_PATIENCE = 120;
/** Connections that are kept for the next request: this process's to the server, and the server's to its upstream. */
const SPARE = CLIENTS + 16;
/** More than a server keeps open, fewer than it allows. */
const MAX_UPLOADS = 400;
/** What the heap may have grown by without anything being kept; bytes. */
const BREATH = 80_000_000;

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly main: Program;
}

/** Resolves with what was done, in words; rejects with what was left behind. */
export async function soak(options: SoakOptions): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-soak-'));
  const upstream = await FakeUpstream.start();
  const config = { upstreams: { [UPSTREAM]: { url: upstream.url } } };
  const server = await ServerProcess.start({ dir, main: options.main, config });
  try {
    return await new Soak(upstream, server, join(dir, 'cache')).run(options);
  } catch (cause) {
    throw new Error(`with seed ${options.seed}`, { cause });
  } finally {
    await server.kill();
    await upstream.stop();
    await rm(dir, { recursive: true });
  }
}

class Soak {
  readonly #upstream: FakeUpstream;
  readonly #server: ServerProcess;
  readonly #cache: string;
  readonly #uploads: string[] = [];
  #images = 0;
  #left = 0;
  #begun = 0;

  constructor(upstream: FakeUpstream, server: ServerProcess, cache: string) {
    this.#upstream = upstream;
    this.#server = server;
    this.#cache = cache;
  }

  async run({ seconds, seed }: SoakOptions): Promise<string> {
    const random = new Random(seed);
    this.#upstream.fault({ path: /\/blobs\//, throttle: UPSTREAM_SPEED });
    // The first part is for the heap to find its size, and for what is opened once.
    await this.#clients(random, seconds / 3);
    await this.#settle();
    const before = await this.#server.memory();
    const descriptors = await this.#descriptors();
    await this.#clients(random, (seconds * 2) / 3);
    await this.#settle();
    await eventually('the descriptors are given back', async () => {
      const now = await this.#descriptors();
      return now.files <= descriptors.files && now.sockets <= descriptors.sockets + SPARE;
    });
    const after = await this.#server.memory();
    assert.ok(after.now < before.now + BREATH, `${before.now} bytes in memory, then ${after.now}`);
    assert.deepEqual(await readdir(join(this.#cache, 'unfinished')), []);
    assert.deepEqual(this.#server.complaints, []);
    const mb = [before.now, after.now].map((bytes) => Math.round(bytes / 1e6));
    return `${this.#left} clients left ${this.#images} images and ${this.#begun} uploads, with seed ${seed}; resident: ${mb.join(' MB, then ')} MB`;
  }

  async #clients(random: Random, seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000;
    const client = async (own: Random): Promise<void> => {
      while (performance.now() < until) await this.#leave(own);
    };
    await Promise.all(Array.from({ length: CLIENTS }, () => client(random.fork())));
  }

  /** Begins something and goes away. */
  async #leave(random: Random): Promise<void> {
    const bytes = await this.#beginning(random);
    const socket = connect(this.#server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.write(bytes);
    await sleep(MAX_PATIENCE * random.next() ** 2);
    if (random.chance(0.5)) socket.resetAndDestroy();
    else socket.destroy();
    this.#left += 1;
  }

  async #beginning(random: Random): Promise<Buffer> {
    const roll = random.next();
    if (roll < 0.1) return Buffer.from('GET /v2/library/ap');
    if (roll < 0.2) return Buffer.from('GET /v2/ HTTP/1.1\r\nHost: x\r\nAcc');
    if (roll < 0.7) return Buffer.from(this.#pull(random));
    const content = madeUpBytes(`soak ${random.next()}`, random.whole(1, LAYER));
    const head = roll < 0.8 ? this.#wholePush(content) : await this.#chunk(content);
    return Buffer.concat([
      Buffer.from(`${head} HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length}\r\n\r\n`),
      content.subarray(0, random.whole(0, content.length - 1)),
    ]);
  }

  /** Of an image that nobody has asked for, or that others are asking for, or that is held. */
  #pull(random: Random): string {
    if (this.#images === 0 || random.chance(0.05)) {
      this.#images += 1;
      this.#upstream.addImage('library/app', `v${this.#images}`, { layers: [LAYER, LAYER / 2] });
    }
    const tag = `v${Math.max(1, this.#images - Math.floor(8 * random.next() ** 2))}`;
    const name = `${UPSTREAM}/library/app`;
    const { content } = this.#upstream.content.findManifest('library/app', tag) ?? {};
    const digest = /sha256:[0-9a-f]{64}(?=[^]*\]\}$)/.exec(content?.toString() ?? '')?.[0];
    const path = random.chance(0.3) ? `manifests/${tag}` : `blobs/${digest}`;
    const range = random.chance(0.3) ? `Range: bytes=${random.whole(0, LAYER / 4)}-\r\n` : '';
    const request = `GET /v2/${name}/${path} HTTP/1.1\r\nHost: x\r\n${range}\r\n`;
    return random.chance(0.2) ? request.repeat(random.whole(2, 5)) : request;
  }

  #wholePush(content: Buffer): string {
    return `POST /v2/team/app/blobs/uploads/?digest=${digestOf(content)}`;
  }

  async #chunk(content: Buffer): Promise<string> {
    const post = await this.#server.fetch('/v2/team/app/blobs/uploads/', { method: 'POST' });
    assert.equal(post.status, 202, await post.text());
    const location = post.headers.get('location') ?? '';
    this.#uploads.push(location);
    this.#begun += 1;
    const [oldest] = this.#uploads;
    if (oldest !== undefined && this.#uploads.length > MAX_UPLOADS) {
      this.#uploads.shift();
      await this.#cancel(oldest);
    }
    return content.length % 2 === 0
      ? `PATCH ${location}`
      : `PUT ${location}?digest=${digestOf(content)}`;
  }

  /** Fills run to their end without anybody; uploads are kept for their clients until they are cancelled. */
  async #settle(): Promise<void> {
    await eventually('no fill is running', async () => {
      const metrics = await (await this.#server.fetch('/metrics')).text();
      return /^holdfast_fills_running 0$/m.test(metrics);
    });
    for (const location of this.#uploads.splice(0)) await this.#cancel(location);
  }

  async #cancel(location: string): Promise<void> {
    const { status } = await this.#server.fetch(location, { method: 'DELETE' });
    assert.ok(status === 204 || status === 404, `DELETE ${location}: ${status}`);
  }

  async #descriptors(): Promise<{ readonly files: number; readonly sockets: number }> {
    const all = await openDescriptors(this.#server.pid);
    const sockets = all.filter((one) => one.startsWith('socket:')).length;
    return { files: all.length - sockets, sockets };
  }
}
