import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Terminal } from './terminal.ts';

/**
 * Asks for one line on the terminal and shows nothing of it. The question goes to stderr, so that stdout can be
 * redirected.
 * @throws Error where the answer is cut off by Ctrl-C or Ctrl-D
 */
export function askPassword(question: string, terminal: Terminal): Promise<string> {
  // readline edits the line (backspace, Ctrl-U) in raw mode, and echoes into the void.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input: terminal.input, output: nowhere, terminal: true });
  terminal.err(question);
  return new Promise((resolve, reject) => {
    line.once('line', resolve);
    line.once('SIGINT', () => line.close());
    line.once('close', () => {
      terminal.err('\n');
      reject(new Error('no password was given'));
    });
    line.once('line', () => line.close());
  });
}
