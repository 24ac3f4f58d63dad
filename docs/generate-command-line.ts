/** Writes the reference part of command-line.md from the commands themselves: `npm run docs:command-line`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { format } from 'prettier';
import { createProgram } from '../src/cli/run.ts';

const PAGE = fileURLToPath(new URL('command-line.md', import.meta.url));
const MARKED = /(<!-- reference: [^\n]*-->\n)[\s\S]*(<!-- end of reference -->)/;

/** The page with its reference part as the commands have it now. */
export async function commandLinePage(): Promise<string> {
  let printed = '';
  const program = createProgram({
    out: (text) => {
      printed += text;
    },
    err: () => undefined,
    environment: {},
    columns: undefined,
    drawing: undefined,
    input: Readable.from([]),
  });
  const help = (command: Command): string => {
    printed = '';
    command.outputHelp();
    return `\`\`\`text\n${printed.trim()}\n\`\`\``;
  };
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help')
    .map((command) => `### ${command.name()}\n\n${help(command)}`);
  const page = readFileSync(PAGE, 'utf8');
  const written = page.replace(
    MARKED,
    (_, start: string, end: string) => `${start}\n${commands.join('\n\n')}\n\n${end}`,
  );
  return format(written, { parser: 'markdown', printWidth: 100 });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(PAGE, await commandLinePage());
