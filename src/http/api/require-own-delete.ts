import { CSRF_HEADER } from '../../api/protocol.ts';
import { OciError } from '../../oci/error-codes.ts';
import type { Context } from '../context.ts';
import { requireOwnOrigin } from './read-json.ts';

/** A DELETE has no body whose type would keep pages of other sites from sending it: a header of its own does. */
export function requireOwnDelete(ctx: Context): void {
  requireOwnOrigin(ctx);
  if (ctx.get(CSRF_HEADER) === '1') return;
  throw new OciError('DENIED', { message: `a DELETE needs the header ${CSRF_HEADER}: 1` });
}
