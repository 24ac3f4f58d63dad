/** Why an answer could not be had, in words that can be shown. */
export type Failure =
  /** No answer at all. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** Wrong or missing credentials. */
  | { readonly kind: 'signed-out'; readonly message: string }
  | { readonly kind: 'denied'; readonly message: string }
  | { readonly kind: 'not-found'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }
  /** An answer that this page does not understand: the server has another version. */
  | { readonly kind: 'misunderstood'; readonly message: string };

/** A request that failed; thrown by everything in this folder, and nothing else is. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export const UNREACHABLE: Failure = {
  kind: 'unreachable',
  message: 'The server does not answer.',
};

export const MISUNDERSTOOD: Failure = {
  kind: 'misunderstood',
  message: 'The server has another version than this page: load the page again.',
};

/** The failure behind whatever was thrown; what is no RequestError is a mistake of this page and goes on. */
export function failureOf(error: unknown): Failure {
  if (error instanceof RequestError) return error.failure;
  throw error;
}

/** It may be gone at the next try, and what was there before is still worth to be shown. */
export function isPassing({ kind }: Failure): boolean {
  return kind === 'unreachable' || kind === 'refused';
}
