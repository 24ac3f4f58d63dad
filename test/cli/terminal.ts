import { Readable } from 'node:stream';
import { run } from '../../src/cli/run.ts';
import type { Environment } from '../../src/config/environment-reference.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process. */
export async function ran(args: readonly string[], environment: Environment = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await run(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    environment,
    columns: undefined,
    drawing: undefined,
    input: Readable.from([]),
  });
  return { code, out, err };
}
