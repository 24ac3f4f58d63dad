import { test } from 'node:test';
import { powerLoss, whyNoTrace } from './power/power-loss.ts';
import { SOURCE_MAIN } from './server-process.ts';

test(
  'when the power goes as an answer leaves, what it acknowledges is on the disk',
  { skip: whyNoTrace() ?? false },
  async (t) => {
    t.diagnostic(await powerLoss({ steps: 12, losses: 3, seed: 1, main: SOURCE_MAIN }));
  },
);
