import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import { eventually } from './eventually.ts';
import type { Holdfast } from './holdfast.ts';

const REQUEST_START = 'http.server.request.start';

export interface Arrivals {
  /** Resolves once Holdfast has been asked so often since the counting began. */
  until(count: number): Promise<void>;
}

/** Counts the requests that reach Holdfast: who waits in there for upstream shows nothing on its connection. */
export function countArrivals(t: TestContext, holdfast: Holdfast): Arrivals {
  let arrived = 0;
  const listener = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage };
    if (request.socket.localPort === holdfast.port) arrived += 1;
  };
  subscribe(REQUEST_START, listener);
  t.after(() => {
    unsubscribe(REQUEST_START, listener);
  });
  return { until: (count) => eventually(`${count} requests are in`, () => arrived >= count) };
}
