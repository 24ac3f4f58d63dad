/** The tests of this folder by hand, for longer: `npm run faults -- crash --rounds 200 --seed 1`. */
import { parseArgs } from 'node:util';
import type { Program } from '../helpers/program.ts';
import { crashRounds } from './crash/crash-rounds.ts';
import { powerLoss } from './power/power-loss.ts';
import { BUILT_MAIN } from './server-process.ts';
import { slowClients } from './slow/slow-clients.ts';
import { soak } from './soak.ts';

const USAGE = `npm run faults -- KIND [options]

  crash   kill -9 over pulls, pushes, deletes and evictions   --rounds N (200)
  power   power losses, played from a trace (needs strace)    --rounds N (200)
  slow    slow clients of one large blob, cold and warm       --clients N (200) --megabytes N (512) --seconds N (20)
  soak    clients that leave at any moment                    --seconds N (20)

  --seed S      repeats the choices of an earlier run (default: random)
  --main FILE   the program (default: dist/main.js)`;

const MAX_SEED = 1_000_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '200' },
    clients: { type: 'string', default: '200' },
    megabytes: { type: 'string', default: '512' },
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Math.trunc(Math.random() * MAX_SEED)) },
    main: { type: 'string', default: BUILT_MAIN },
  },
});
const main: Program = [process.execPath, values.main];
const [rounds, clients, seconds, seed] = [
  Number(values.rounds),
  Number(values.clients),
  Number(values.seconds),
  Number(values.seed),
];
const size = Number(values.megabytes) * 1024 * 1024;

const kinds: Readonly<Record<string, () => Promise<string>>> = {
  crash: () => crashRounds({ rounds, seed, main, onRound: tell }),
  // Each loss is played in three ways.
  power: () => powerLoss({ steps: rounds, losses: Math.ceil(rounds / 3), seed, main }),
  slow: () => slowClients({ clients, size, seconds, main }),
  soak: () => soak({ seconds, seed, main }),
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
