import assert from 'node:assert/strict';

/** The list of distribution-spec, "Error Codes": a refusal must carry one of these. */
const CODES = new Set([
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'UNAUTHORIZED',
  'DENIED',
  'UNSUPPORTED',
  'TOOMANYREQUESTS',
]);

export interface ErrorEntry {
  readonly code: string;
  readonly message: string;
  readonly detail?: unknown;
}

/** Asserts a well-formed refusal with this status and, in every entry, this code. */
export async function refusal(
  response: Response,
  status: number,
  code: string,
): Promise<readonly ErrorEntry[]> {
  const entries = await errorEntries(response);
  assert.deepEqual([response.status, entries[0]?.code], [status, code], JSON.stringify(entries));
  for (const entry of entries) assert.equal(entry.code, code);
  return entries;
}

/** Asserts that the body has the spec's shape, with codes of its list only. */
export async function errorEntries(response: Response): Promise<readonly ErrorEntry[]> {
  const text = await response.text();
  const told = `${response.status} ${text}`;
  assert.equal(response.headers.get('content-type'), 'application/json', told);
  assert.equal(response.headers.get('content-length'), String(Buffer.byteLength(text)), told);
  assert.equal(response.headers.get('docker-distribution-api-version'), 'registry/2.0');
  const body = JSON.parse(text) as { errors: ErrorEntry[] };
  assert.deepEqual(Object.keys(body), ['errors'], told);
  assert.ok(body.errors.length > 0, told);
  for (const entry of body.errors) {
    assert.ok(CODES.has(entry.code), told);
    assert.equal(typeof entry.message, 'string', told);
  }
  return body.errors;
}
