import type { Command, Option } from 'commander';

/** What the words before the cursor amount to. */
export interface Read {
  readonly command: Command;
  /** Arguments that are stated already. */
  readonly operands: number;
  /** The last word is an option that wants a value. */
  readonly awaiting: Option | undefined;
  /** Options with their values, by long name: `{'--server': 'http://…'}`. */
  readonly given: Readonly<Record<string, string>>;
}

/** Reads the words of a command line as far as it is typed. */
export function readWords(program: Command, words: readonly string[]): Read {
  let command = program;
  let operands = 0;
  let awaiting: Option | undefined;
  const given: Record<string, string> = {};
  for (const word of words) {
    if (awaiting !== undefined) {
      given[awaiting.long ?? awaiting.flags] = word;
      awaiting = undefined;
      continue;
    }
    const [flag, value] = word.startsWith('--') ? split(word) : [word];
    if (word.startsWith('-')) {
      const option = command.options.find(({ long, short }) => flag === long || flag === short);
      if (option === undefined || (!option.required && !option.optional)) continue;
      if (value === undefined) awaiting = option;
      else given[option.long ?? option.flags] = value;
      continue;
    }
    const subcommand = program.commands.find((each) => each.name() === word);
    if (command === program && subcommand !== undefined) command = subcommand;
    else operands += 1;
  }
  return { command, operands, awaiting, given };
}

function split(word: string): [flag: string, value?: string] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}
