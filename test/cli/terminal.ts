import { Readable } from 'node:stream';
import { run } from '../../src/cli/run.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { Environment } from '../../src/config/environment-reference.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, with `input` as its stdin. */
export async function ran(
  args: readonly string[],
  environment: Environment = {},
  input = '',
): Promise<Ran> {
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
    input: Readable.from(input === '' ? [] : [input]),
  });
  return { code, out, err };
}

/** A terminal that remembers what was said on stderr. */
export class Recorder implements Terminal {
  readonly environment = {};
  readonly columns = undefined;
  readonly drawing = undefined;
  readonly input = Readable.from([]);
  said = '';

  out(): void {}

  err(text: string): void {
    this.said += text;
  }
}
