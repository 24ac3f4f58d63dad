import type { Terminal } from './terminal.ts';

/** The terminal, or the pipes, that this process was started with. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  // Whoever reads the output may have seen enough (`holdfast ls | head`): no failure of the command.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    environment: env,
    columns: stdout.isTTY ? stdout.columns : undefined,
    drawing: stderr.isTTY && env['TERM'] !== 'dumb' ? stderr : undefined,
    input: stdin,
  };
}
