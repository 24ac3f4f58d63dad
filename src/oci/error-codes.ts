/**
 * The one error that crosses from the registry to the wire (distribution-spec, "Error Codes").
 * Status and default message come from this table alone.
 */
const ERRORS = {
  BLOB_UNKNOWN: [404, 'blob unknown to registry'],
  BLOB_UPLOAD_INVALID: [400, 'blob upload invalid'],
  BLOB_UPLOAD_UNKNOWN: [404, 'blob upload unknown to registry'],
  DIGEST_INVALID: [400, 'provided digest did not match uploaded content'],
  MANIFEST_BLOB_UNKNOWN: [400, 'manifest references a manifest or blob unknown to registry'],
  MANIFEST_INVALID: [400, 'manifest invalid'],
  MANIFEST_UNKNOWN: [404, 'manifest unknown to registry'],
  NAME_INVALID: [400, 'invalid repository name'],
  NAME_UNKNOWN: [404, 'repository name not known to registry'],
  SIZE_INVALID: [400, 'provided length did not match content length'],
  UNAUTHORIZED: [401, 'authentication required'],
  DENIED: [403, 'requested access to the resource is denied'],
  UNSUPPORTED: [405, 'the operation is unsupported'],
  TOOMANYREQUESTS: [429, 'too many requests'],
  // Not of the spec's list: it has no code for a fault of the server itself (5xx only).
  UNKNOWN: [500, 'internal error'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type OciErrorCode = keyof typeof ERRORS;

export interface OciErrorOptions {
  /** Where the spec allows another status for the code than the table's. */
  readonly status?: number;
  readonly message?: string;
  readonly detail?: unknown;
  /** Several findings at once: the answer lists one error for each. */
  readonly details?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A failure that a client is told about in the spec's form. */
export class OciError extends Error {
  override readonly name = 'OciError';
  readonly code: OciErrorCode;
  readonly status: number;
  readonly details: readonly unknown[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: OciErrorCode, options: OciErrorOptions = {}) {
    super(options.message ?? ERRORS[code][1], { cause: options.cause });
    this.code = code;
    this.status = options.status ?? ERRORS[code][0];
    this.details = options.details ?? [options.detail];
    this.headers = options.headers ?? {};
  }

  /** The entries of the spec's `errors` array. */
  get entries(): readonly { code: OciErrorCode; message: string; detail?: unknown }[] {
    return this.details.map((detail) => ({
      code: this.code,
      message: this.message,
      ...(detail !== undefined && { detail }),
    }));
  }
}
