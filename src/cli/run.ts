import { Command, CommanderError } from 'commander';
import { ConfigurationError } from '../config/configuration-error.ts';
import { addCheckConfig } from './check-config.ts';
import { addClientConfig } from './client-config.ts';
import { addCompletion } from './completion/completion.ts';
import { addExport } from './export.ts';
import { addGc } from './gc.ts';
import { addImport } from './import.ts';
import { addInspect } from './inspect.ts';
import { addLs } from './ls.ts';
import { addMisses } from './misses.ts';
import { addPasswd } from './passwd.ts';
import { addPin, addUnpin } from './pin.ts';
import { addRefresh } from './refresh.ts';
import { addRm } from './rm.ts';
import { addServe } from './serve.ts';
import { addStats } from './stats.ts';
import type { Terminal } from './terminal.ts';
import { addVerify } from './verify.ts';
import { readVersion } from './version.ts';
import { addWarm } from './warm.ts';

/** Exit codes of every command. */
const EXIT = { done: 0, failed: 1, wrongUsage: 2 } as const;

/** Runs one command line (without the names of node and the script) and resolves with its exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // What commander throws it has told already; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
    if (error instanceof ConfigurationError) {
      terminal.err(error.problems.map((problem) => `${problem}\n`).join(''));
      return EXIT.wrongUsage;
    }
    terminal.err(`holdfast: ${sentence(error)}\n`);
    return EXIT.failed;
  }
}

/** Why a file cannot be had is told in words, with its name in front; other messages are sentences already. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!('path' in error) || !('code' in error)) return error.message;
  const reason = FILE_REASONS[String(error.code)];
  return reason === undefined ? error.message : `${String(error.path)}: ${reason}`;
}

const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this may not be read or written',
  EISDIR: 'this is a folder',
  ENOTDIR: 'a part of this path is no folder',
};

/** Where nobody tells how wide a line may be. */
const HELP_WIDTH = 100;

/** The whole command line. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('holdfast')
    .description('A registry mirror that keeps what it pulls, and a registry that takes pushes.')
    .version(readVersion(), '-V, --version')
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => terminal.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    })
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
    .addHelpText('after', EXAMPLES);
  // One line for each command; the help lists them by group, in this order.
  program.commandsGroup('Server:');
  addServe(program, terminal);
  addCheckConfig(program, terminal);
  addClientConfig(program, terminal);
  addPasswd(program, terminal);
  program.commandsGroup('What is here:');
  addLs(program, terminal);
  addInspect(program, terminal);
  addStats(program, terminal);
  addMisses(program, terminal);
  program.commandsGroup('Content:');
  addPin(program, terminal);
  addUnpin(program, terminal);
  addRefresh(program, terminal);
  addRm(program, terminal);
  addWarm(program, terminal);
  addImport(program, terminal);
  addExport(program, terminal);
  program.commandsGroup('Upkeep:');
  addGc(program, terminal);
  addVerify(program, terminal);
  program.commandsGroup('Shell:');
  addCompletion(program, terminal);
  return program;
}

const EXAMPLES = `
Examples:
  holdfast                                         mirror eight public registries on 127.0.0.1:5000
  HOLDFAST_LISTEN=0.0.0.0:5000 holdfast            the same for a whole network
  holdfast check-config --config mirror.json       what is wrong with it, or what it amounts to
  holdfast client-config docker                    what goes into Docker's daemon.json
  holdfast client-config containerd --url http://mirror.example:5000 | ssh node sudo sh

With a server running, here or anywhere (--server, HOLDFAST_SERVER):
  holdfast stats --days 7                          what did it save me this week
  holdfast misses alpine                           why was this pull a miss
  holdfast ls --evict-next                         what would be evicted next

Then, on a client:
  docker pull nginx                                through the mirror, if daemon.json names it
  docker pull 127.0.0.1:5000/ghcr.io/org/app       any mirrored registry, by name
  docker push 127.0.0.1:5000/team/app              a repository of its own

Environment: HOLDFAST_CONFIG, HOLDFAST_LISTEN (host:port), HOLDFAST_STORAGE_DIR, HOLDFAST_LOG_LEVEL, HOLDFAST_SERVER.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
`;
