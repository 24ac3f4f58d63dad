/** Faults by hand: `npm run faults -- crash --rounds 200 --seed 1`. */
import { parseArgs } from 'node:util';
import { crashRounds } from './crash/crash-rounds.ts';
import { BUILT_MAIN } from './server-process.ts';

const USAGE = `npm run faults -- KIND [options]

  crash   kill -9 over pulls, pushes, deletes and evictions   --rounds N (200) --seed S (random)

  --main FILE   the program (default: dist/main.js)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Math.trunc(Math.random() * 1_000_000)) },
    main: { type: 'string', default: BUILT_MAIN },
  },
});
const { main } = values;
const rounds = Number(values.rounds);
const seed = Number(values.seed);

const kinds: Readonly<Record<string, () => Promise<string>>> = {
  crash: () => crashRounds({ rounds, seed, main, onRound: tell }),
};

function tell(round: number): void {
  if (round % 10 === 0) console.log(`${round} of ${rounds}`);
}

const run = kinds[positionals[0] ?? ''];
if (run === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  console.log(await run());
}
