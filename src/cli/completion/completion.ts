import { Argument, type Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { complete } from './complete.ts';
import { SCRIPTS, type Shell } from './scripts.ts';

/** What the shells' scripts ask with; not for people. */
const ASK = 'complete';

/** Adds `completion`, and the hidden command that its scripts call. It completes whatever `program` has when it is called. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .summary('print what makes a shell complete holdfast')
    .description(
      'Prints what makes a shell complete commands, options, files, and the names of what a running server holds.',
    )
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell) => terminal.out(SCRIPTS[shell]));
  program
    .command(ASK, { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const found = await complete(program, words, terminal);
      terminal.out(found.map(({ value, description }) => `${value}\t${description}\n`).join(''));
    });
}

const EXAMPLES = `
Examples:
  eval "$(holdfast completion bash)"                       in ~/.bashrc
  eval "$(holdfast completion zsh)"                        in ~/.zshrc, after compinit
  holdfast completion fish > ~/.config/fish/completions/holdfast.fish
`;
