import { isIP } from 'node:net';
import { OciError } from '../oci/error-codes.ts';
import type { Context } from './context.ts';

/**
 * Where whoever connects is trusted because only this machine can, the page of another site must not pass for one of ours by
 * having its own name lead here (DNS rebinding): its Origin and Host agree then, but they are a name. Only browsers tell an
 * Origin. DENIED unless it is an address or `localhost`.
 */
export function requireLocalOrigin(ctx: Context): void {
  const origin = ctx.get('Origin');
  if (origin === '' || (URL.canParse(origin) && isLocal(new URL(origin).hostname))) return;
  throw new OciError('DENIED', { message: 'not from a page of another name than localhost' });
}

/** No name can be made to lead here: `localhost` never leaves the machine (RFC 6761 §6.3), and an address is itself. */
function isLocal(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true;
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
}
