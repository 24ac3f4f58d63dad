import { test } from 'node:test';
import { crashRounds } from './crash/crash-rounds.ts';
import { SOURCE_MAIN } from './server-process.ts';

const ROUNDS = 3;
const SEED = 1;

test('killed at any moment, it loses nothing that was acknowledged and serves no wrong byte', async (t) => {
  const report = await crashRounds({ rounds: ROUNDS, seed: SEED, main: SOURCE_MAIN });
  t.diagnostic(report);
});
