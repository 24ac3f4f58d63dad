import type { Environment } from '../config/environment-reference.ts';

/** What a command says and where it says it. */
export interface Terminal {
  /** What was asked for: goes to stdout. */
  out(text: string): void;
  /** Everything else: goes to stderr. */
  err(text: string): void;
  readonly environment: Environment;
}
