/** An upstream, a directory, and what is known of its content, in which one server after the other lives and dies. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { madeUpBytes } from '../../helpers/fake-upstream-content.ts';
import type { Program } from '../../helpers/program.ts';
import { FakeUpstream } from '../../helpers/fake-upstream.ts';
import type { Random } from '../random.ts';
import { ServerProcess } from '../server-process.ts';
import { afterCrash, type RoundReport } from './after-crash.ts';
import { inspectDirectory, type Left } from './directory.ts';
import { Ledger } from './ledger.ts';
import { type MirroredImage, Puller } from './puller.ts';
import { type LeftUpload, Pusher } from './pusher.ts';
import { untilOver, Victim } from './victim.ts';

const UPSTREAM = 'mirror.test';
const HOSTED = ['team/one', 'team/two', 'solo'];
const IMAGES = 6;
const MAX_LAYER = 3_000_000;
const PULLERS = 4;
/** Slow enough for a kill to meet fills of every size; bytes per second. */
const UPSTREAM_SPEED = 3_000_000;

/** The longest that a round lets its clients work before the kill; ms. */
const MAX_LIFE = 700;

/** Less than the images have together: something is evicted all the time. */
const SMALL_STORE = '6MB';

export class CrashWorld {
  readonly dir: string;
  readonly ledger = new Ledger();
  readonly #main: Program;
  readonly #random: Random;
  readonly #upstream: FakeUpstream;
  readonly #images: readonly MirroredImage[];
  readonly #leftUploads: LeftUpload[] = [];
  #server: ServerProcess | undefined;

  private constructor(dir: string, main: Program, random: Random, upstream: FakeUpstream) {
    this.dir = dir;
    this.#main = main;
    this.#random = random;
    this.#upstream = upstream;
    this.#images = Array.from({ length: IMAGES }, (_, number) =>
      addImage(upstream, random, number),
    );
  }

  static async open(main: Program, random: Random): Promise<CrashWorld> {
    const dir = await mkdtemp(join(tmpdir(), 'holdfast-crash-'));
    return new CrashWorld(dir, main, random, await FakeUpstream.start());
  }

  /** Ends it in order; what lies there then has to be in order too. */
  async close(): Promise<void> {
    await this.#server?.stop();
    await this.#upstream.stop();
    await this.#inspect();
    await rm(this.dir, { recursive: true });
  }

  /** Ends it and leaves the directory as it is, for somebody to look at. */
  async abandon(): Promise<void> {
    await this.#server?.kill();
    await this.#upstream.stop();
  }

  /** The server is used, is killed, starts again, and is looked over. Rejects with what was wrong. */
  async round(): Promise<RoundReport> {
    const victim = (this.#server ??= await this.#start());
    await this.#live(victim);
    assertNoFailures(victim);
    const left = await this.#inspect();
    const server = (this.#server = await this.#start());
    const report = await afterCrash({
      server,
      upstream: this.#upstream,
      dir: this.#cache,
      images: this.#images,
      ledger: this.ledger,
      uploads: this.#leftUploads.splice(0),
      left,
    });
    assertNoFailures(server);
    return report;
  }

  #start(): Promise<ServerProcess> {
    const config = {
      upstreams: { [UPSTREAM]: { url: this.#upstream.url } },
      storage: { dir: this.#cache, maxSize: SMALL_STORE, minFree: '1MB' },
    };
    return ServerProcess.start({ dir: this.dir, main: this.#main, config });
  }

  #inspect(): Promise<Left> {
    return inspectDirectory(this.#cache);
  }

  get #cache(): string {
    return join(this.dir, 'cache');
  }

  async #live(server: ServerProcess): Promise<void> {
    const random = this.#random;
    this.#upstream.clear();
    this.#upstream.clearFaults();
    this.#upstream.fault({ path: /\/blobs\//, throttle: UPSTREAM_SPEED });
    for (let cuts = random.whole(0, 4); cuts > 0; cuts -= 1) {
      const image = random.pick(this.#images);
      const path = new RegExp(`/blobs/${random.pick(image.layerDigests)}`);
      this.#upstream.fault({ path, times: 1, cutAfter: random.whole(0, MAX_LAYER) });
    }
    const victim = new Victim(server);
    const shared = this.#images.flatMap(({ layers }) => layers);
    const clients = [
      ...HOSTED.map((repository) => {
        const options = {
          repository,
          shared,
          random: random.fork(),
          ledger: this.ledger,
          left: this.#leftUploads,
          others: HOSTED,
        };
        const pusher = new Pusher(options);
        return untilOver(() => pusher.act(victim));
      }),
      ...Array.from({ length: PULLERS }, () => {
        const puller = new Puller(random.fork(), this.#images);
        return untilOver(() => puller.act(victim));
      }),
    ];
    // Short lives are as telling as long ones: half of them end within a quarter of the time.
    const life = sleep(MAX_LIFE * random.next() ** 2);
    const working = Promise.all(clients);
    try {
      await Promise.race([life, working]);
    } finally {
      await victim.kill();
    }
    await working;
  }
}

function assertNoFailures({ complaints }: ServerProcess): void {
  assert.deepEqual(
    complaints.filter((line) => !/"level":40/.test(line)),
    [],
  );
}

function addImage(upstream: FakeUpstream, random: Random, number: number): MirroredImage {
  const name = `library/app${number % 3}`;
  const tag = `v${number}`;
  const base = madeUpBytes('base layer', MAX_LAYER / 10);
  const own = Array.from({ length: random.whole(1, 3) }, () => random.whole(1, MAX_LAYER));
  const image = upstream.addImage(name, tag, { layers: [base, ...own] });
  return { ...image, repository: `${UPSTREAM}/${name}`, tag };
}
