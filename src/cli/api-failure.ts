import type { ErrorsAnswer } from '../api/common.ts';
import { printable } from './printable.ts';

/** What a server refused, in its own words. */
export class ApiRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const SIGN_IN = '; state an account with --user NAME, or in HOLDFAST_USER and HOLDFAST_PASSWORD';

/** The failure that an error answer tells of. `isAnonymous`: an account may be all that was missing. */
export function refusal({ errors: [first] }: ErrorsAnswer, isAnonymous: boolean): ApiRefusal {
  const { code = 'UNKNOWN', message = 'the server does not say why', detail } = first ?? {};
  const hint = isAnonymous && code === 'UNAUTHORIZED' ? SIGN_IN : '';
  return new ApiRefusal(code, printable(`${message}${told(detail)}`) + hint);
}

/** What it is about: the server's own words, or the names in them. */
function told(detail: unknown): string {
  const values = typeof detail === 'object' && detail !== null ? Object.values(detail) : [detail];
  const texts = values.filter((value) => typeof value === 'string');
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`;
}

export function notHoldfast(url: string): Error {
  return new Error(`what answers at ${url} does not speak Holdfast's API; --server states another`);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be looked up',
  ETIMEDOUT: 'it takes too long to connect',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  EPROTO: 'it does not speak TLS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is made out to another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted; --ca names the authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; --ca names the authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; --ca names the authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not trusted; --ca names the authority',
};

/** A failure of the connection as one sentence that says what to do; any other failure as it is. */
export function unreachable(error: unknown, url: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!(error instanceof Error) || code === '' || error instanceof ApiRefusal) return error;
  const reason = `${REASONS[code] ?? error.message} (${code})`;
  const advice =
    code === 'ECONNREFUSED'
      ? '\nIs it running (holdfast serve)? --server or HOLDFAST_SERVER names another.'
      : '';
  return new Error(`no answer from ${url}: ${reason}${advice}`, { cause: error });
}
