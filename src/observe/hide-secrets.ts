/** Nobody should log these at all; this catches who does. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'password',
  'token',
  'access_token',
  'refresh_token',
  'credentials',
]);

const HIDDEN = '(hidden)';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of a log line without what is called like a secret, at the top and one level down. Every line goes through
 * it, so nothing is copied where there is nothing to hide.
 */
export function hideSecrets(fields: Fields): Record<string, unknown> {
  return hide(fields, 1);
}

function hide(fields: Fields, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    const shown = SECRET_KEYS.has(key.toLowerCase()) ? HIDDEN : inside(value, depth);
    if (shown === value) continue;
    copy ??= { ...fields };
    copy[key] = shown;
  }
  return copy ?? fields;
}

/** Errors are told by what `errorFields` picks, not by their properties. */
function inside(value: unknown, depth: number): unknown {
  const hasFields = typeof value === 'object' && value !== null && !(value instanceof Error);
  return hasFields && depth > 0 ? hide(value as Fields, depth - 1) : value;
}
