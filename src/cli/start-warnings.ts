import { anonymousAccess, isLocalOnly } from '../config/anonymous-access.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';

/** What an operator should have decided rather than overlooked, one sentence each. */
export function startWarnings(config: Config): string[] {
  const exposed = !isLocalOnly(config.listen) && config.auth.htpasswd === null;
  const upstreams = Object.entries(config.upstreams).flatMap(([name, upstream]) =>
    upstreamWarnings(name, upstream, exposed),
  );
  return [...accessWarnings(config, exposed), ...upstreams];
}

/** How many names a warning gives as examples. */
const MAX_NAMES = 5;

/** `shadowed`: hosted repositories that no name leads to any more. */
export function shadowWarnings(shadowed: readonly string[]): string[] {
  if (shadowed.length === 0) return [];
  const more = shadowed.length - MAX_NAMES;
  const names = shadowed.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return [
    `hosted repositories are out of reach, because their names now begin with that of an upstream: ${names}; ` +
      'without that upstream, or that alias, they are back',
  ];
}

function accessWarnings(config: Config, exposed: boolean): string[] {
  const access = anonymousAccess(config);
  if (config.auth.htpasswd !== null) return accountWarnings(config);
  if (access === 'none') {
    return ['auth.anonymous is "none" and there are no accounts, so nobody may pull'];
  }
  if (!exposed) return [];
  const { host, reverseProxy } = config.listen;
  const [place, reason] =
    reverseProxy === null
      ? [host, `${host} is not a loopback address`]
      : ['the reverse proxy', 'clients come through a reverse proxy'];
  const changes = config.push.delete ? 'push and delete' : 'push';
  if (access === 'push' && config.push.enabled) {
    return [
      `whoever can connect to ${place} may ${changes}; "auth": {"anonymous": "pull"} ends that`,
    ];
  }
  return config.auth.anonymous === 'auto' && config.push.enabled
    ? [
        `${reason} and there are no accounts, so pushes and deletes are off; ` +
          '"auth": {"anonymous": "push"} lets whoever can connect do both',
      ]
    : [];
}

function accountWarnings({ listen }: Config): string[] {
  // A reverse proxy is expected to speak https to clients.
  if (listen.tls !== null || listen.reverseProxy !== null || isLocalOnly(listen)) return [];
  return [`passwords of accounts go over http, readable on the way to ${listen.host}; see tls.md`];
}

function upstreamWarnings(name: string, upstream: UpstreamConfig, exposed: boolean): string[] {
  const { credentials, url, tls } = upstream;
  const warnings: string[] = [];
  if (exposed && upstream.private) {
    warnings.push(
      `content of ${name} is private and there are no accounts, so nobody may pull it; ` +
        `"private": false at upstreams.${name} serves it to whoever can connect`,
    );
  }
  if (exposed && credentials !== null && !upstream.private) {
    warnings.push(`whatever the account at ${name} may see is served to whoever can connect`);
  }
  if (credentials !== null && url.startsWith('http:')) {
    warnings.push(`the credentials for ${name} go over http, readable on the way`);
  }
  if (tls.insecureSkipVerify) {
    warnings.push(`the certificate of ${name} is not checked (tls.insecureSkipVerify)`);
  }
  return warnings;
}
