import { join } from 'node:path';
import { crashRounds } from './crash/crash-rounds.ts';
for (let i = 0; i < 6; i++)
  await crashRounds({
    rounds: 4,
    seed: 1 + i,
    main: join(import.meta.dirname, '../../src/main.ts'),
  }).then(
    (r) => console.log(r.slice(0, 60)),
    (e: Error) => console.log(e.message, e.cause),
  );
