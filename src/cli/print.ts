import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

export interface JsonOption {
  readonly json?: true;
}

/** Gives `command` the option for scripts. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON for scripts');
}

/** Prints `answer`: as JSON where it was asked for, else as `show` tells it to people. */
export function print<Answer>(
  answer: Answer,
  { json }: JsonOption,
  terminal: Terminal,
  show: (answer: Answer) => string,
): void {
  terminal.out(json === true ? `${JSON.stringify(answer, undefined, 2)}\n` : show(answer));
}
