/** The account of one upstream. It is sent to that upstream and to its token realm, nowhere else. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The Authorization field of the Basic scheme, in UTF-8 (RFC 7617). */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
