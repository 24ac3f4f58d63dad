import { test } from 'node:test';
import { SOURCE_MAIN } from './server-process.ts';
import { soak } from './soak.ts';

test(
  'of clients that leave at any moment nothing stays',
  { skip: process.platform !== 'linux' },
  async (t) => {
    t.diagnostic(await soak({ seconds: 3, seed: 1, main: SOURCE_MAIN }));
  },
);
