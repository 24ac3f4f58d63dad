import { InvalidArgumentError, Option } from 'commander';

/** An option that takes a whole number from 1 to `most`. */
export function countOption(flags: string, description: string, most: number): Option {
  return new Option(flags, description).argParser((text) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
  });
}
