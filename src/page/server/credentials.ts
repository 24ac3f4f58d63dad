/**
 * Who is signed in. Name and password are kept by this page alone and only while it is open: no cookie and no storage, so
 * there is nothing that another site's page could use or a script could find.
 */
let authorization: string | undefined;

export function authorizationHeader(): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { Authorization: authorization };
}

/** Basic (RFC 7617), in UTF-8. */
export function keepCredentials(name: string, password: string): void {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

export function forgetCredentials(): void {
  authorization = undefined;
}
