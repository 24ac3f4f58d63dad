/** Why a registry did not do what it was asked for. The message is one sentence for people: no credentials, no signed URLs. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  /** Of its answer; undefined where there was none. */
  readonly status: number | undefined;

  constructor(
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}

/** The error for an answer that says no, with the registry's own words where it has some. */
export function refusal(what: string, status: number, body: Uint8Array): RegistryError {
  return new RegistryError(`${what}: ${status}${ownWords(body)}`, { status });
}

/** Longer messages are pages. */
const MAX_WORDS = 300;

function ownWords(body: Uint8Array): string {
  const text = Buffer.from(body).toString();
  const code = /"code"\s*:\s*"(\w{1,64})"/.exec(text)?.[1];
  const message = /"message"\s*:\s*"((?:[^"\\]|\\["\\/])*)"/.exec(text)?.[1];
  const words = [code, message].filter((part) => part !== undefined && part !== '').join(': ');
  return words === '' ? '' : ` (${words.slice(0, MAX_WORDS)})`;
}

/** What a failure on the wire means, for people. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be looked up',
  ETIMEDOUT: 'it takes too long to answer',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  EPROTO: 'it does not speak TLS; --insecure allows plain HTTP',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is made out to another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; --insecure ignores that',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; --insecure ignores that',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; --insecure ignores that',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not trusted; --insecure ignores that',
};

export function wireFailure(what: string, error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  const code = wireCode(error);
  const known = code === undefined ? undefined : REASONS[code];
  const message = error instanceof Error ? error.message : String(error);
  return new RegistryError(
    `${what}: ${known ?? message}${code === undefined ? '' : ` (${code})`}`,
    {
      cause: error,
    },
  );
}

export function wireCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
