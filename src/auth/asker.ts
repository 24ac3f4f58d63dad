import type { Scope } from './scope.ts';

/** Who sent a request. */
export type Asker =
  /** Somebody without an account; `hasToken`: with a token that says so. */
  | { readonly kind: 'anonymous'; readonly hasToken: boolean }
  /** Somebody signed in; `scopes`: what the token at hand is good for, undefined where the password itself came along. */
  | {
      readonly kind: 'account';
      readonly name: string;
      readonly scopes: readonly Scope[] | undefined;
    };

export const NOBODY: Asker = { kind: 'anonymous', hasToken: false };
