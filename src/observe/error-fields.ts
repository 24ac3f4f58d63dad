/** A cause of a cause of a cause tells enough; and a loop ends. */
const MAX_CAUSES = 5;

export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorFields;
}

/**
 * What a log tells of a failure. Only these fields: errors of HTTP clients carry whole requests, with their
 * Authorization headers.
 */
export function errorFields(error: unknown, causes = MAX_CAUSES): ErrorFields {
  if (!(error instanceof Error))
    return { type: typeof error, message: withoutSecrets(String(error)) };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message: withoutSecrets(message),
    ...('code' in error && { code: String(error.code) }),
    ...(stack !== undefined && { stack: withoutSecrets(stack) }),
    ...(cause !== undefined && causes > 0 && { cause: errorFields(cause, causes - 1) }),
  };
}

/** The query of a URL may be a signature that opens its content, what stands before an `@` a password. */
function withoutSecrets(text: string): string {
  return text
    .replace(/(https?:\/\/)[^\s/@"']+@/gi, '$1(hidden)@')
    .replace(/(https?:\/\/[^\s?"']+\?)[^\s"']+/gi, '$1(hidden)');
}
