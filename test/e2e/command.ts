import { execFile } from 'node:child_process';

/** A client that gets no answer waits for minutes; no step here takes more than a few seconds. */
const COMMAND_LIMIT_MS = 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export type Environment = Readonly<Record<string, string>>;

/** A command that did not end with exit code 0, with all that it said. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * The environment of every program that is started here: Debian's own binaries before any others on the
 * machine, and none of the caller's settings that would point a client at other registries or storage.
 */
export function programEnvironment(extra: Environment = {}): Environment {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: process.env['HOME'] ?? '/root',
    LANG: 'C.UTF-8',
    ...extra,
  };
}

/** Runs a program to its end and gives its standard output. Throws `CommandError` unless it ended with 0. */
export function run(
  program: string,
  args: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<string> {
  const options = {
    env: { ...environment },
    signal,
    timeout: COMMAND_LIMIT_MS,
    killSignal: 'SIGKILL' as const,
    maxBuffer: MAX_OUTPUT_BYTES,
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const ended = error.killed === true ? 'killed' : `exit ${String(error.code)}`;
      const said = [`${program} ${args.join(' ')} (${ended})`, stdout, stderr].map((s) => s.trim());
      reject(new CommandError(said.filter(Boolean).join('\n'), { cause: error }));
    });
  });
}

/** Whether a command ended well, where its failing is an answer too. */
export function succeeds(command: Promise<string>): Promise<boolean> {
  return command.then(
    () => true,
    () => false,
  );
}
