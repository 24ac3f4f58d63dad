/** Commands on a terminal of their own, by means of `script` of util-linux. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { environment, HOLDFAST } from './process.ts';

/** What `script` takes differs elsewhere. */
export const HAS_TERMINALS = process.platform === 'linux' && canRun();

function canRun(): boolean {
  try {
    execFileSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface TypedOptions {
  /** What is typed, each when the screen has shown the words before it once more. */
  readonly typed?: readonly (readonly [shown: string, keys: string])[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly columns?: number;
}

export interface Screen {
  readonly code: number | null;
  /** Everything that was shown, stdout and stderr, with the control sequences. */
  readonly shown: string;
}

/** Runs a command line on a terminal, and types. */
export async function onTerminal(args: readonly string[], options: TypedOptions): Promise<Screen> {
  const { typed = [], columns = 80 } = options;
  const words = [...HOLDFAST, ...args].map((word) => `'${word}'`).join(' ');
  const command = `stty cols ${columns}; exec ${words}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: environment({ TERM: 'xterm', SHELL: '/bin/sh', ...options.environment }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  let answered = 0;
  const waiting = [...typed];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const [next] = waiting;
    const at = next === undefined ? -1 : shown.indexOf(next[0], answered);
    if (next === undefined || at < 0) return;
    answered = at + next[0].length;
    waiting.shift();
    child.stdin.write(next[1]);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, shown };
}
