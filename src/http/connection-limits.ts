/** How long a connection may take for what it has to do; ms. */
export interface ConnectionLimits {
  /** To get through the TLS handshake, and to send the headers of a request (slow loris). */
  readonly headersMs: number;
  /** Between requests. */
  readonly keepAliveMs: number;
  /** In which nothing at all moves, either way, while the client is not waiting for an answer to begin. */
  readonly idleMs: number;
  /** How often Node looks for headers that take too long. */
  readonly checkMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headersMs: 60_000,
  // Longer than the pools of Go clients and load balancers keep a connection idle, so that they close first.
  keepAliveMs: 95_000,
  // Above any wait for an upstream.
  idleMs: 5 * 60_000,
  checkMs: 10_000,
};
