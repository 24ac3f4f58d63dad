/** What a client is told that has to sign in (RFC 9110 §11.6.1, RFC 6750 §3, distribution "Token Authentication"). */
import { SERVICE } from '../auth/tokens.ts';
import { OciError } from '../oci/error-codes.ts';
import type { Action, Resource } from './access.ts';

/** No answer to one client is for another. */
const NOT_KEPT = { 'Cache-Control': 'no-store' };

/**
 * The one challenge of a server with accounts. There is no Basic beside it: Docker takes the first that it knows, and
 * without a password it has nothing to answer Basic with, while a token is to be had by anybody.
 */
export function bearerChallenge(options: {
  readonly realm: string;
  readonly scope?: string | undefined;
  readonly error?: 'invalid_token' | 'insufficient_scope' | undefined;
  readonly message?: string;
}): OciError {
  const { realm, scope, error, message } = options;
  const parameters = { realm, service: SERVICE, scope, error };
  const texts = Object.entries(parameters).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}="${quoted(value)}"`],
  );
  return new OciError('UNAUTHORIZED', {
    ...(message !== undefined && { message }),
    headers: { ...NOT_KEPT, 'WWW-Authenticate': `Bearer ${texts.join(',')}` },
  });
}

/** What a token has to be good for, as a challenge spells it: the repository in the path, or the resource. */
export function wantedScope(
  action: Action,
  name: string | undefined,
  resource?: Resource,
): string | undefined {
  if (resource) return `registry:${resource}:*`;
  if (name === undefined) return undefined;
  // Whoever pushes looks first what is there.
  return `repository:${name}:${action === 'push' ? 'pull,push' : action}`;
}

/** Where tokens are had, and where nobody can sign in at all. */
export function basicChallenge(message?: string): OciError {
  return new OciError('UNAUTHORIZED', {
    ...(message !== undefined && { message }),
    headers: { ...NOT_KEPT, 'WWW-Authenticate': `Basic realm="${SERVICE}"` },
  });
}

/** RFC 9110 §5.6.4. What is no printable ASCII has no place in a header; a name with such letters is refused anyway. */
function quoted(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');
}
