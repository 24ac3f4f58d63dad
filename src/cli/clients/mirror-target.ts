import { hostname } from 'node:os';
import { isLoopback } from '../../config/anonymous-access.ts';
import { formatListenAddress } from '../../config/listen-address.ts';
import { normalizeRegistryHost } from '../../config/registry-host.ts';
import type { MirrorTarget } from './recipe.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Where a listener is reached. One that takes every network is reached by the name of this machine. */
export function mirrorTarget({ host, port, tls }: ListenAddress): MirrorTarget {
  const name = host === '0.0.0.0' || host === '::' ? hostname().toLowerCase() : host;
  return fromUrl(new URL(`${tls ? 'https' : 'http'}://${formatListenAddress(name, port)}`));
}

/** The target of an http:// or https:// URL without path, or undefined where `text` is none. */
export function parseMirrorUrl(text: string): MirrorTarget | undefined {
  if (!/^https?:\/\/[^/?#@]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return normalizeRegistryHost(url.hostname) === undefined ? undefined : fromUrl(url);
}

function fromUrl({ origin, host, hostname: name, protocol }: URL): MirrorTarget {
  return {
    url: origin,
    host,
    insecure: protocol === 'http:',
    loopback: isLoopback(name.replace(/^\[|\]$/g, '')),
  };
}
