/**
 * Power loss: a server is used under strace, and from what it wrote and synced the disk is made as it would be if the
 * power had gone just when an answer went out. Each such disk is given to a new server.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeUpstream } from '../../helpers/fake-upstream.ts';
import { Holdfast } from '../../helpers/holdfast.ts';
import type { Program } from '../../helpers/program.ts';
import { getVerified } from '../../helpers/registry-client.ts';
import { inspectDirectory } from '../crash/directory.ts';
import { type LeftUpload, Pusher } from '../crash/pusher.ts';
import { Victim } from '../crash/victim.ts';
import { Random } from '../random.ts';
import { ServerProcess } from '../server-process.ts';
import { DatedLedger } from './dated-ledger.ts';
import { PowerDisk, powerLosses } from './power-disk.ts';
import { readTrace, tracer, untilTraced } from './trace.ts';

const UPSTREAM = 'mirror.test';
const MIRRORED = `${UPSTREAM}/library/app`;
const HOSTED = ['team/one', 'team/two'];
const LAYERS = [200_000, 50_000, 1_000];

export interface PowerLossOptions {
  /** Things that the clients do. */
  readonly steps: number;
  /** How many of the answers the power goes at. */
  readonly losses: number;
  readonly seed: number;
  readonly main: Program;
}

/** Why power losses cannot be played here; undefined where they can. */
export function whyNoTrace(): string | undefined {
  const { status } = spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true']);
  return status === 0 ? undefined : 'strace is not there, or not allowed to trace';
}

/** Resolves with what was done, in words; rejects with the first disk that a server could not make good. */
export async function powerLoss(options: PowerLossOptions): Promise<string> {
  const { seed } = options;
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-power-'));
  const upstream = await FakeUpstream.start();
  try {
    return await play(options, dir, upstream);
  } catch (cause) {
    throw new Error(`with seed ${seed}`, { cause });
  } finally {
    await upstream.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function play(options: PowerLossOptions, dir: string, upstream: FakeUpstream) {
  const random = new Random(options.seed);
  const trace = join(dir, 'trace');
  const image = upstream.addImage('library/app', '1', { layers: LAYERS });
  const mirrored = [...image.layerDigests, image.configDigest];
  const upstreams = { [UPSTREAM]: { url: upstream.url } };
  const server = await ServerProcess.start({
    dir,
    main: options.main,
    config: { upstreams },
    wrapper: tracer(trace),
  });
  const victim = new Victim(server);
  const ledger = new DatedLedger(() => victim.answers);
  const left: LeftUpload[] = [];
  const pushers = HOSTED.map((repository) => {
    const shared = image.layers;
    return new Pusher({ repository, random, ledger, shared, left, others: HOSTED });
  });
  for (let step = 0; step < options.steps; step += 1) {
    if (random.chance(0.15)) await touchMirrored(victim, random, mirrored);
    else await random.pick(pushers).act(victim);
  }
  await victim.kill();
  await untilTraced(trace, server.pid);

  const disk = new PowerDisk();
  const answers = victim.answers;
  let answered = 0;
  let losses = 0;
  for await (const event of readTrace(trace, join(dir, 'cache'))) {
    disk.apply(event);
    if (event.kind !== 'answer') continue;
    answered += 1;
    if (!random.chance(options.losses / answers)) continue;
    for (const [what, survives] of Object.entries(powerLosses(random))) {
      const after = join(dir, 'after');
      await mkdir(after);
      await disk.leave(after, survives);
      try {
        await inspectDirectory(after, { powerLost: true });
        await lookOver(after, upstream, ledger.at(answered), random.pick(mirrored));
      } catch (cause) {
        throw new Error(`the power goes at answer ${answered}, ${what}`, { cause });
      }
      await rm(after, { recursive: true });
      losses += 1;
    }
  }
  assert.equal(answered, answers, 'every answer is in the trace');
  return `${losses} power losses at ${answers} answers, with seed ${options.seed}`;
}

async function touchMirrored(
  victim: Victim,
  random: Random,
  digests: readonly string[],
): Promise<void> {
  await victim.expect(200, `/v2/${MIRRORED}/manifests/1`);
  const path = `/v2/${MIRRORED}/blobs/${random.pick(digests)}`;
  await victim.expect(200, path);
  if (random.chance(0.3)) await victim.ask(path, { method: 'DELETE' });
}

/** Starts on the disk: what is certain is there, and mirrored content is right, held or fetched again. */
async function lookOver(
  dir: string,
  upstream: FakeUpstream,
  ledger: ReturnType<DatedLedger['at']>,
  digest: string,
): Promise<void> {
  const upstreams = { [UPSTREAM]: upstream.url };
  const holdfast = await Holdfast.start({ dir, upstreams, config: { defaultUpstream: null } });
  try {
    await ledger.check(holdfast);
    const url = `${holdfast.url}/v2/${MIRRORED}/blobs/${digest}`;
    // An interrupted fill goes on from a file of which parts may be lost: who asks first is cut then, by the digest.
    await getVerified(url, digest).catch(() => getVerified(url, digest));
  } finally {
    await holdfast.close();
  }
}
