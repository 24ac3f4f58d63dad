import type { Clock } from '../../clock.ts';
import type { Credentials } from '../auth/credentials.ts';

export type AnswerKind = 'manifest' | 'blob' | 'tags' | 'referrers' | 'token';

/** What Docker Hub tells of the pull limit, and other registries do not. */
export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  /** For how long the limit counts, where it is told. */
  readonly windowSeconds?: number;
}

/** What became of one request to upstream, told when it is over. Redirects and 401s count as answers too. */
export interface UpstreamAnswer {
  readonly upstream: string;
  readonly method: 'GET' | 'HEAD';
  readonly kind: AnswerKind;
  /** Undefined where there was no answer: refused, cut, timed out. */
  readonly status: number | undefined;
  readonly rateLimit?: RateLimit;
  /** Bytes of the body that arrived. */
  readonly bytes: number;
}

export interface UpstreamOptions {
  /** The configured name, such as `docker.io`. */
  readonly name: string;
  /** Where the registry is: everything up to, not including, `/v2/`. */
  readonly url: string;
  readonly credentials: Credentials | null;
  /** `ca`: PEM of authorities to trust besides the usual ones. */
  readonly tls: { readonly ca: string | null; readonly insecureSkipVerify: boolean };
  /** Where null, HTTP(S)_PROXY and NO_PROXY of the environment decide. */
  readonly proxy: string | null;
  readonly timeouts: UpstreamTimeouts;
  /** Requests under way at a time, bodies included. */
  readonly maxConnections: number;
  /** Redirects and token realms may be on private addresses. */
  readonly allowPrivateNetwork: boolean;
  readonly clock: Clock;
  readonly onAnswer?: (answer: UpstreamAnswer) => void;
}

/** Milliseconds. */
export interface UpstreamTimeouts {
  /** From asking for a connection to having it, TLS included. */
  readonly connect: number;
  /**
   * From the call to the headers of the final answer: tokens, redirects and repeats included, the wait for a free
   * connection slot not. Answers that are read whole before they are passed on must be in whole within it.
   */
  readonly headers: number;
  /** Between two pieces of a blob's body. */
  readonly idle: number;
}
