import type * as z from 'zod';
import { OciError } from '../../oci/error-codes.ts';
import type { Context } from '../context.ts';
import { readBody } from '../read-body.ts';

/** A thousand image names of the longest kind. */
const MAX_JSON_BYTES = 2 * 1024 * 1024;

/**
 * The JSON body of a request that changes something. No page of another site may send this content type without being granted it
 * first, which it never is; an Origin that is told has to be this server's.
 */
export async function readJson<Schema extends z.ZodType>(
  ctx: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  if (ctx.is('application/json') === false || ctx.get('Content-Type') === '') {
    throw new OciError('UNSUPPORTED', { status: 415, message: 'the body has to be JSON' });
  }
  requireOwnOrigin(ctx);
  const parsed = schema.safeParse(parse(await readBody(ctx, MAX_JSON_BYTES)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badRequest(`${issue?.path.join('.') ?? 'the body'}: ${issue?.message ?? 'is not valid'}`);
}

/** Browsers tell where a request comes from; other clients do not. */
export function requireOwnOrigin(ctx: Context): void {
  const origin = ctx.get('Origin');
  if (origin === '' || (URL.canParse(origin) && new URL(origin).host === ctx.host)) return;
  throw new OciError('DENIED', { message: 'not from a page of another site' });
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch (error) {
    throw badRequest('the body is not JSON', error);
  }
}

function badRequest(message: string, cause?: unknown): OciError {
  return new OciError('UNSUPPORTED', { status: 400, message, cause });
}
