/** The `Authorization` header (RFC 9110 §11.6.2): Basic (RFC 7617) and Bearer (RFC 6750). */

export interface Password {
  readonly name: string;
  readonly password: string;
}

export type Credentials =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'password' } & Password)
  | { readonly kind: 'token'; readonly token: string }
  /** Another scheme, or no sense in it. */
  | { readonly kind: 'unknown' };

export function parseAuthorization(header: string): Credentials {
  if (header === '') return { kind: 'none' };
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return { kind: 'token', token: value };
    case 'basic':
      return password(value);
    default:
      return { kind: 'unknown' };
  }
}

function password(encoded: string): Credentials {
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon === -1) return { kind: 'unknown' };
  // Some clients send an empty pair where they have none.
  if (text === ':') return { kind: 'none' };
  return { kind: 'password', name: text.slice(0, colon), password: text.slice(colon + 1) };
}
