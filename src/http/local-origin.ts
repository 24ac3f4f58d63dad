import { isIP } from 'node:net';
import { OciError } from '../oci/error-codes.ts';
import type { Context } from './context.ts';

/**
 * Where whoever connects is trusted because only this machine can, the page of another site must not pass for one of ours by
 * having its own name lead here (DNS rebinding): its Origin and Host agree then, but they are a name. DENIED to browsers
 * unless it is an address or `localhost`. A page that only reads from its own server tells no Origin, but every browser says
 * what language it would like, which clients of registries do not.
 */
export function requireLocalOrigin(ctx: Context): void {
  const { origin = '', host, 'accept-language': language } = ctx.headers;
  const told = language === undefined ? [] : [`http://${host}`];
  if (origin !== '') told.push(origin);
  if (told.every((url) => URL.canParse(url) && isLocal(new URL(url).hostname))) return;
  throw new OciError('DENIED', { message: 'not from a page of another name than localhost' });
}

/** No name can be made to lead here: `localhost` never leaves the machine (RFC 6761 §6.3), and an address is itself. */
function isLocal(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true;
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
}
