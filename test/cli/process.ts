/** Commands as processes: what a shell sees of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { program } from '../helpers/program.ts';
import type { Ran } from './terminal.ts';

/** The words that run a command line from the sources: program first. */
export const HOLDFAST = program('src/main.ts');

/** What a process is started with, so that nothing of this machine's settings reaches it. */
export function environment(stated: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_'));
  return { ...Object.fromEntries(kept), ...stated };
}

/** Runs one command line to its end, with `input` as its stdin. */
export async function runProcess(
  [command, ...args]: readonly [string, ...string[]],
  stated: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ran> {
  const child = spawn(command, args, { env: environment(stated), stdio: 'pipe' });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return outcome(child);
}

/** What a process says until it ends, and how it ends; -1: by a signal. */
export async function outcome(child: ChildProcess): Promise<Ran> {
  const ended = once(child, 'close') as Promise<[number | null]>;
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('its output is not piped');
  const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), ended]);
  return { code: code ?? -1, out, err };
}
