import type { Command, Option } from 'commander';
import type { Terminal } from '../terminal.ts';
import { heldNames } from './held-names.ts';
import { readWords, type Read } from './read-words.ts';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Asks the shell for its own file names. */
const FILES: readonly Candidate[] = [{ value: ':files', description: '' }];

/**
 * What the last of `words` (those of a command line, without the program's name) can become. It begins with that word,
 * but for the file names that the shell knows better.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  const word = words.at(-1) ?? '';
  const read = readWords(program, words.slice(0, -1));
  const [, flag, begun] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  const option = read.awaiting ?? read.command.options.find(({ long }) => long === flag);
  if (option !== undefined) {
    const prefix = read.awaiting === undefined ? `${flag}=` : '';
    return startingWith(
      word,
      await values(describe(option), read, begun ?? word, terminal),
      prefix,
    );
  }
  if (word.startsWith('-')) return startingWith(word, options(read.command));
  if (read.command === program)
    return read.operands === 0 ? startingWith(word, commands(program)) : [];
  const { registeredArguments } = read.command;
  const last = registeredArguments.at(-1);
  const argument =
    registeredArguments[read.operands] ?? (last?.variadic === true ? last : undefined);
  if (argument === undefined) return [];
  const what = { name: argument.name(), choices: argument.argChoices };
  return startingWith(word, await values(what, read, word, terminal));
}

function startingWith(
  word: string,
  candidates: readonly Candidate[],
  prefix = '',
): readonly Candidate[] {
  if (candidates === FILES) return FILES;
  return candidates
    .map(({ value, description }) => ({ value: prefix + value, description }))
    .filter(({ value }) => value.startsWith(word));
}

function commands(program: Command): Candidate[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({
      value: command.name(),
      description: command.summary() || command.description(),
    }));
}

function options(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short, description }) =>
      [long, short].flatMap((flag) => (flag === undefined ? [] : [{ value: flag, description }])),
    );
}

interface Place {
  /** As the help calls it: `file`, `image`. */
  readonly name: string;
  readonly choices?: readonly string[] | undefined;
}

function describe({ flags, argChoices }: Option): Place {
  return { name: /[<[]([\w-]+)/.exec(flags)?.[1] ?? '', choices: argChoices };
}

/** What belongs in a place is told by its name. */
async function values(
  { name, choices }: Place,
  read: Read,
  word: string,
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  if (choices !== undefined) return choices.map((value) => ({ value, description: '' }));
  switch (name) {
    case 'file':
    case 'list':
    case 'archive':
    case 'dir':
      return FILES;
    case 'image':
    case 'repository':
    case 'pattern':
      return heldNames(name, word, read.given, terminal);
    default:
      return [];
  }
}
