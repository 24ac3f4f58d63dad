import { test } from 'node:test';
import { SOURCE_MAIN } from './server-process.ts';
import { slowClients } from './slow/slow-clients.ts';

test(
  'two hundred slow clients of one blob, cold and warm, do not fill the memory',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const size = 64 * 1024 * 1024;
    t.diagnostic(await slowClients({ clients: 200, size, seconds: 1, main: SOURCE_MAIN }));
  },
);
