import type { Environment } from '../config/environment-reference.ts';

/** What a command says, where it says it, and what it may ask. */
export interface Terminal {
  /** What was asked for: goes to stdout. */
  out(text: string): void;
  /** Everything else: goes to stderr. */
  err(text: string): void;
  readonly environment: Environment;
  /** Characters that a line of stdout takes; undefined: it is no terminal, so nothing is cut or coloured. */
  readonly columns: number | undefined;
  /** stderr where it is a terminal: the place for what is drawn again and again. */
  readonly drawing: NodeJS.WriteStream | undefined;
  /** stdin. */
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}
