import { isIP } from 'node:net';
import { Wire } from './wire.ts';

/** Where a registry is: everything up to, not including, `/v2/`. */
export type RegistryUrl = URL;

/**
 * The address that `text` states: a URL, or a host with or without a port. A host of this machine is asked without TLS, as
 * Docker does; any other with it. Undefined where it is neither.
 */
export function parseRegistryUrl(text: string): RegistryUrl | undefined {
  if (text === 'docker.io') return new URL('https://registry-1.docker.io');
  const whole = /^https?:\/\//.test(text) ? text : `${defaultScheme(text)}://${text}`;
  if (!URL.canParse(whole)) return undefined;
  const url = new URL(whole);
  const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!bare || url.hostname === '') return undefined;
  url.pathname = url.pathname.replace(/\/(?:v2\/?)?$/, '');
  return url;
}

/**
 * For somebody who takes plain HTTP too (`--insecure`) and has not said which: TLS if the registry speaks it.
 *
 * @param text - as `parseRegistryUrl` takes it
 */
export async function chooseScheme(url: RegistryUrl, text: string): Promise<RegistryUrl> {
  if (/^https?:\/\//.test(text) || url.protocol === 'http:') return url;
  const wire = new Wire(url, { insecure: true });
  try {
    const answer = await wire.send({ method: 'GET', url: new URL('/v2/', url), what: 'GET /v2/' });
    await answer.short();
    return url;
  } catch {
    // Whatever it was, the first true request will tell, on the other scheme.
    return new URL(url.href.replace(/^https:/, 'http:'));
  } finally {
    wire.close();
  }
}

export function isLoopback({ hostname }: RegistryUrl): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function defaultScheme(text: string): 'http' | 'https' {
  const probe = `http://${text}`;
  return URL.canParse(probe) && isLoopback(new URL(probe)) ? 'http' : 'https';
}
