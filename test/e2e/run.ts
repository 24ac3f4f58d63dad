/**
 * The end-to-end run: real clients pull through and push to a built Holdfast, with Debian's docker-registry
 * as its upstream, all on loopback. Needs root on Debian 12 with the packages that `.ci/run` installs.
 */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from './bench.ts';
import { Cleanup } from './cleanup.ts';
import type { ClientKind } from './client.ts';
import { skopeo } from './clients/skopeo.ts';
import { Holdfast, type HoldfastOptions } from './holdfast.ts';
import { type Images, makeImages } from './images.ts';
import { removeTree } from './mounts.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { Report } from './report.ts';
import { clientLife } from './scenarios/client-life.ts';
import { staleTag } from './scenarios/stale-tag.ts';
import { stampede } from './scenarios/stampede.ts';
import { startUpstream } from './upstream.ts';

class Run {
  readonly #root: string;
  readonly #options: Options;
  readonly #cleanup: Cleanup;
  readonly #report = new Report();
  readonly #signal: AbortSignal;

  constructor(root: string, options: Options, cleanup: Cleanup, signal: AbortSignal) {
    this.#root = root;
    this.#options = options;
    this.#cleanup = cleanup;
    this.#signal = signal;
  }

  /** True if all held. */
  async all(): Promise<boolean> {
    const upstream = await startUpstream(join(this.#root, 'upstream'), this.#signal);
    this.#cleanup.defer('upstream', async () => {
      await upstream.daemon.stop();
    });
    const registry = `127.0.0.1:${upstream.port}`;
    const images = await makeImages(join(this.#root, 'images'), registry, this.#signal);
    for (const kind of this.#options.kinds) await this.#life(kind, upstream.port, images);
    if (this.#options.kinds.includes(skopeo)) await this.#more(upstream.port, images);
    console.log(`\n${this.#report.table()}`);
    if (this.#options.report !== undefined) await this.#report.write(this.#options.report);
    return !this.#report.failed;
  }

  async #life(kind: ClientKind, upstreamPort: number, images: Images): Promise<void> {
    await this.#with(kind.name, { upstreamPort }, async (holdfast, directory) => {
      let client;
      try {
        this.#report.version(kind.name, await kind.version(this.#signal));
        client = await kind.start(join(directory, 'client'), holdfast.address, this.#signal);
      } catch (error) {
        this.#report.missing(kind.name, String(error), this.#options.allowMissing);
        return;
      }
      try {
        const bench = new Bench(kind.name, holdfast, this.#report);
        await clientLife(bench, client, images, this.#signal);
      } finally {
        await client.close();
      }
    });
  }

  /** What is the same for every client, shown with the quickest. */
  async #more(upstreamPort: number, images: Images): Promise<void> {
    await this.#with('stampede', { upstreamPort }, async (holdfast, directory) => {
      const bench = new Bench('skopeo', holdfast, this.#report);
      await stampede(bench, skopeo, join(directory, 'clients'), images.app, this.#signal);
    });
    const tags = { maxAge: '0s' };
    await this.#with('stale-tag', { upstreamPort, tags }, async (holdfast, directory) => {
      const client = await skopeo.start(join(directory, 'client'), holdfast.address, this.#signal);
      await staleTag(
        new Bench('skopeo', holdfast, this.#report),
        client,
        images.pinned,
        this.#signal,
      );
    });
  }

  /** Runs `body` with a fresh Holdfast and ends it, whatever `body` does. */
  async #with(
    title: string,
    options: Pick<HoldfastOptions, 'upstreamPort' | 'tags'>,
    body: (holdfast: Holdfast, directory: string) => Promise<void>,
  ): Promise<void> {
    const directory = join(this.#root, title);
    await mkdir(directory);
    const { main } = this.#options;
    const settings = { ...options, main, directory: join(directory, 'holdfast') };
    const holdfast = await Holdfast.start(settings, this.#signal);
    try {
      await body(holdfast, directory);
    } finally {
      if (!(await holdfast.stop())) this.#report.missing('holdfast', 'had to be killed', false);
      await removeTree(directory);
    }
  }
}

async function endToEnd(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const cleanup = new Cleanup();
  const root = await mkdtemp(join(tmpdir(), 'holdfast-e2e-'));
  cleanup.defer(root, () => removeTree(root));
  try {
    const held = await new Run(root, options, cleanup, stop.signal).all();
    return held ? 0 : 1;
  } catch (error) {
    console.error(error);
    return 1;
  } finally {
    for (const problem of await cleanup.run()) console.error(`left behind: ${problem}`);
  }
}

process.exitCode = await endToEnd();
