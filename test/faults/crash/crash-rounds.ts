import type { Program } from '../../helpers/program.ts';
import { Random } from '../random.ts';
import { spread } from '../spread.ts';
import { CrashWorld } from './crash-world.ts';
import type { RoundReport } from './after-crash.ts';

/** After so many rounds a directory is full enough; the next one is empty. */
const ROUNDS_PER_WORLD = 20;

export interface CrashOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly main: Program;
  /** Told about each round that is through. */
  readonly onRound?: (round: number) => void;
}

/** Runs the rounds and tells in words what was seen; rejects, naming round and seed, with the first thing that was wrong. */
export async function crashRounds(options: CrashOptions): Promise<string> {
  const { rounds, seed, main, onRound } = options;
  const reports: RoundReport[] = [];
  while (reports.length < rounds) {
    // Each world has a seed of its own, so that a failure is repeated without the worlds before it.
    const worldSeed = seed + reports.length;
    const world = await CrashWorld.open(main, new Random(worldSeed));
    const until = Math.min(rounds, reports.length + ROUNDS_PER_WORLD);
    try {
      while (reports.length < until) {
        reports.push(await world.round());
        onRound?.(reports.length);
      }
    } catch (cause) {
      await world.abandon();
      const again = `--rounds ${until - (worldSeed - seed)} --seed ${worldSeed}`;
      throw new Error(`round ${reports.length + 1} (${again}), left in ${world.dir}`, { cause });
    }
    await world.close();
  }
  return describe(reports, seed);
}

function describe(reports: readonly RoundReport[], seed: number): string {
  const sum = (key: keyof RoundReport): number =>
    reports.reduce((total, report) => total + report[key], 0);
  return [
    `${reports.length} rounds with seed ${seed}`,
    `${sum('acknowledged')} acknowledged pushes and deletes looked at`,
    `${sum('reread')} held blobs read and hashed again`,
    `${sum('resumedFills')} fills and ${sum('resumedUploads')} uploads taken up`,
    `${sum('orphans')} blobs without a record left behind`,
    `start after a kill, ms: ${spread(reports.map(({ bootMs }) => bootMs))}`,
  ].join('; ');
}
