import type * as z from 'zod';
import { OciError } from '../../oci/error-codes.ts';
import type { Context } from '../context.ts';

/** The query of a request; 400 tells what is wrong with it. A `+` stays one, as everywhere here. */
export function readQuery<Schema extends z.ZodType>(
  ctx: Context,
  schema: Schema,
): z.output<Schema> {
  const query = new URLSearchParams(ctx.querystring.replaceAll('+', '%2B'));
  const parsed = schema.safeParse(Object.fromEntries(query));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OciError('UNSUPPORTED', {
    status: 400,
    message: `${issue?.path.join('.') ?? 'the query'}: ${issue?.message ?? 'is not valid'}`,
  });
}
