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
import { containerd } from './clients/containerd.ts';
import { buildah } from './clients/buildah.ts';
import { docker, dockerAtMirror } from './clients/docker.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';
import { Holdfast } from './holdfast.ts';
import { type Images, makeImages } from './images.ts';
import { removeTree } from './mounts.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { Report } from './report.ts';
import { accounts } from './scenarios/accounts.ts';
import { brokenUpstream } from './scenarios/broken-upstream.ts';
import { build } from './scenarios/build.ts';
import { clientLife } from './scenarios/client-life.ts';
import { hangingUpstream } from './scenarios/hanging-upstream.ts';
import { hubLoginAtRoot } from './scenarios/hub-login-at-root.ts';
import { missingTag } from './scenarios/missing-tag.ts';
import { pushKnownUpstream } from './scenarios/push-known-upstream.ts';
import { restart } from './scenarios/restart.ts';
import { staleTag } from './scenarios/stale-tag.ts';
import { stampede } from './scenarios/stampede.ts';
import { type Scenario, type Setting, Stage } from './stage.ts';
import { startUpstream } from './upstream.ts';

interface Play {
  readonly title: string;
  readonly kind: ClientKind;
  readonly scenario: Scenario;
  /** What Holdfast's upstreams are configured with besides their address. */
  readonly upstream?: Readonly<Record<string, unknown>>;
  /** Whether it has accounts. */
  readonly accounts?: boolean;
}

const alwaysStale = { tags: { maxAge: '0s' } };

/** What is the same for every client is shown with the one that is quickest or most easily hurt. */
const SPECIAL: readonly Play[] = [
  { title: 'build', kind: docker, scenario: build },
  { title: 'stampede', kind: skopeo, scenario: stampede },
  { title: 'stale-tag', kind: skopeo, scenario: staleTag, upstream: alwaysStale },
  { title: 'missing-tag', kind: skopeo, scenario: missingTag },
  { title: 'broken-upstream', kind: skopeo, scenario: brokenUpstream },
  {
    title: 'hanging-upstream',
    kind: containerd,
    scenario: hangingUpstream,
    upstream: { ...alwaysStale, timeouts: { headers: '1s' } },
  },
  { title: 'push-known-upstream', kind: containerd, scenario: pushKnownUpstream },
  { title: 'restart', kind: skopeo, scenario: restart },
  ...[skopeo, podman, buildah, containerd, dockerAtMirror].map((kind) => ({
    title: `accounts-${kind.name}`,
    kind,
    scenario: accounts,
    accounts: true,
  })),
  { title: 'hub-login-at-root', kind: docker, scenario: hubLoginAtRoot, accounts: true },
];

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
    const { kinds, report } = this.#options;
    const upstream = await startUpstream(join(this.#root, 'upstream'), this.#signal);
    this.#cleanup.defer('upstream', async () => {
      await upstream.daemon.stop();
    });
    const registry = `127.0.0.1:${upstream.port}`;
    const images = await makeImages(join(this.#root, 'images'), registry, this.#signal);
    const lives = kinds.map((kind) => ({ title: kind.name, kind, scenario: clientLife }));
    for (const play of [...lives, ...SPECIAL]) {
      this.#signal.throwIfAborted();
      if (kinds.some(({ name }) => name === play.kind.name))
        await this.#play(play, upstream.port, images);
    }
    console.log(`\n${this.#report.table()}`);
    if (report !== undefined) await this.#report.write(report);
    return !this.#report.failed;
  }

  /** Plays one scenario on a Holdfast of its own, and ends and removes it all afterwards. */
  async #play(play: Play, upstreamPort: number, images: Images): Promise<void> {
    const { title, kind, scenario, upstream = {}, accounts: withAccounts = false } = play;
    const directory = join(this.#root, title);
    const cleanup = new Cleanup();
    cleanup.defer(directory, () => removeTree(directory));
    try {
      await mkdir(directory);
      const options = { main: this.#options.main, directory: join(directory, 'holdfast') };
      const holdfast = await Holdfast.start(
        { ...options, upstreamPort, upstream, accounts: withAccounts },
        this.#signal,
      );
      cleanup.defer('holdfast', () => holdfast.stop());
      const bench = new Bench(kind.name, holdfast, this.#report);
      const setting = { kind, bench, images, directory, signal: this.#signal };
      const stage = await this.#open(setting);
      if (stage === undefined) return;
      cleanup.defer(kind.name, () => stage.close());
      await scenario(stage);
    } catch (error) {
      this.#report.broke(kind.name, `${title} did not get to its end: ${String(error)}`);
    } finally {
      for (const problem of await cleanup.run()) this.#report.broke(kind.name, problem);
    }
  }

  async #open(setting: Setting): Promise<Stage | undefined> {
    const { kind, signal } = setting;
    try {
      this.#report.version(kind.name, await kind.version(signal));
      return await Stage.open(setting);
    } catch (error) {
      if (!this.#options.allowMissing) throw error;
      this.#report.note(kind.name, `left out: ${String(error)}`);
      return undefined;
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
