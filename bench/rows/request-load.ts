import { wrk } from '../clients/wrk.ts';
import type { Column, Measure } from '../row.ts';
import type { ChildServer } from '../servers/child-server.ts';
import type { Stage } from '../stage.ts';

const CONNECTIONS = 32;

export const REQUEST_COLUMNS: readonly Column[] = [
  { key: 'speed', title: 'requests/s', digits: 0 },
  { key: 'cpu', title: 'CPU µs/request', digits: 0 },
];

/** Requests per second of one path over 32 connections, and what each cost the server. */
export function requestLoad(stage: Stage, server: ChildServer, path: string): Measure {
  return async () => {
    const before = await server.cpuSeconds();
    const { requests, requestsPerSecond } = await wrk(server.url + path, {
      connections: CONNECTIONS,
      seconds: stage.options.seconds,
    });
    const cpu = (await server.cpuSeconds()) - before;
    return { speed: requestsPerSecond, cpu: (cpu / requests) * 1e6 };
  };
}
