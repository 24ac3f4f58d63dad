/** A fake upstream and a Holdfast in front of it, for one test, and the requests that most tests make. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { TestContext } from 'node:test';
import { cleanUp } from './clean-up.ts';
import { eventually } from './eventually.ts';
import { FakeUpstream, type FakeUpstreamOptions } from './fake-upstream.ts';
import { Holdfast, type HoldfastOptions } from './holdfast.ts';

export interface MirrorOptions extends HoldfastOptions {
  readonly fake?: FakeUpstreamOptions;
}

export interface Mirror {
  readonly upstream: FakeUpstream;
  readonly holdfast: Holdfast;
}

/** Starts both, the fake as the default upstream `docker.io`; they end with the test. */
export async function startMirror(t: TestContext, options: MirrorOptions = {}): Promise<Mirror> {
  const upstream = await startUpstream(t, options.fake);
  const holdfast = await startHoldfast(t, {
    upstreams: { 'docker.io': upstream.url },
    ...options,
  });
  return { upstream, holdfast };
}

export async function startUpstream(
  t: TestContext,
  options?: FakeUpstreamOptions,
): Promise<FakeUpstream> {
  const upstream = await FakeUpstream.start(options);
  cleanUp(t, () => upstream.stop());
  return upstream;
}

export async function startHoldfast(t: TestContext, options: HoldfastOptions): Promise<Holdfast> {
  const holdfast = await Holdfast.start(options);
  cleanUp(t, () => holdfast.close());
  return holdfast;
}

/** A directory that outlives a restart of Holdfast, but not the test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  cleanUp(t, () => rm(dir, { recursive: true, force: true }));
  return dir;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** The Cache-Status. */
  readonly cache: string | null;
  /** The code of the first error of the body, where it is an error body of the spec. */
  readonly code: string | undefined;
}

/** A request and its whole answer; rejects where the answer is cut. */
export async function ask(
  holdfast: Holdfast,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return reply(await holdfast.fetch(path, { method, headers }));
}

export async function reply(response: Response): Promise<Reply> {
  const body = Buffer.from(await response.arrayBuffer());
  const { status, headers } = response;
  return { status, headers, body, cache: headers.get('cache-status'), code: errorCode(body) };
}

function errorCode(body: Buffer): string | undefined {
  return /^\{"errors":\[\{"code":"(\w+)"/.exec(body.toString())?.[1];
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Resolves once the blob of this path is in the store: its last byte may reach a client while it is still being put away. */
export async function untilHeld(holdfast: Holdfast, path: string): Promise<void> {
  await eventually(`${path} is held`, async () => {
    return (await ask(holdfast, path, { method: 'HEAD' })).cache === 'holdfast; hit';
  });
}

/** The files that hold blobs or parts of them, relative to the directory, once nothing is being put away or removed any more. */
export async function storedFiles(holdfast: Holdfast): Promise<readonly string[]> {
  await eventually('no fill is running', async () => {
    return /^holdfast_fills_running 0$/m.test(await (await holdfast.fetch('/metrics')).text());
  });
  const entries = await readdir(holdfast.dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(holdfast.dir, join(entry.parentPath, entry.name)))
    .filter((path) => /^(?:blobs|unfinished)\//.test(path))
    .toSorted();
}
