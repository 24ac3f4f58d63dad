import { parseArgs } from 'node:util';

export interface Options {
  /** Names of rows; none: all. */
  readonly rows: readonly string[];
  /** For trying: small content, short rounds. Its figures mean little. */
  readonly quick: boolean;
  readonly rounds: number;
  /** How long each load of many small requests lasts. */
  readonly seconds: number;
  /** Where the temporary directory is made; it should be on a real disk. */
  readonly dir: string | undefined;
  /** A second built Holdfast, measured beside this one. */
  readonly before: string | undefined;
}

export const USAGE = `npm run bench [-- [ROW…] [options]]

  --quick           small content and short rounds, for trying
  --rounds N        rounds per row (default 5, quick 2)
  --seconds N       how long each load of small requests lasts (default 5, quick 1)
  --dir DIR         where to put the temporary directory (default: the system's); a real disk
  --before DIR      another checkout, built, to measure beside this one`;

/** Throws a TypeError for what it does not know. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      dir: { type: 'string' },
      before: { type: 'string' },
    },
  });
  const { quick, dir, before } = values;
  return {
    rows: positionals,
    quick,
    rounds: positive(values.rounds, quick ? 2 : 5),
    seconds: positive(values.seconds, quick ? 1 : 5),
    dir,
    before,
  };
}

function positive(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`${text} is not a whole number above 0`);
  return value;
}
