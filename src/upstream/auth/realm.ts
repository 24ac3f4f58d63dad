export type RealmVerdict =
  { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly problem: string };

/**
 * Decides whether a token may be asked for at `realm`, which upstream chose freely in its challenge. Without this a
 * hostile or compromised registry has our credentials sent to any host (CVE-2026-33540, CVE-2026-48978).
 *
 * Allowed are the upstream's own host, on any port, and hosts of the same registrable domain (`auth.docker.io` for
 * `registry-1.docker.io`); https only, unless the upstream itself is http. IP addresses have no registrable domain, so
 * they match only themselves. Private addresses behind a name are the address policy's to refuse, when connecting.
 */
export async function judgeRealm(realm: string | undefined, upstream: URL): Promise<RealmVerdict> {
  if (realm === undefined || !URL.canParse(realm)) return refuse('is not a URL');
  const url = new URL(realm);
  const schemes = upstream.protocol === 'http:' ? ['http:', 'https:'] : ['https:'];
  if (!schemes.includes(url.protocol)) return refuse('is not https');
  if (url.username !== '' || url.password !== '') return refuse('holds user information');
  if (!(await isSameSite(url.hostname, upstream.hostname))) {
    return refuse('is on a host of another domain');
  }
  return { ok: true, url };
}

async function isSameSite(host: string, upstreamHost: string): Promise<boolean> {
  if (host === upstreamHost) return true;
  // Here and not above, because a server starts without the long list that this takes.
  const { registrableDomain } = await import('./registrable-domain.ts');
  const domain = registrableDomain(upstreamHost);
  return domain !== null && registrableDomain(host) === domain;
}

function refuse(problem: string): RealmVerdict {
  return { ok: false, problem: `the token realm ${problem}` };
}
