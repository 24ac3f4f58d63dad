import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ACCEPT } from './accept.ts';

export interface WrkOptions {
  readonly connections: number;
  readonly seconds: number;
  /** A Lua file that makes the requests. */
  readonly script?: string;
}

export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Of the answers, with their headers. */
  readonly bytesPerSecond: number;
}

/** One thread of wrk: it has cores to spare on nothing that is measured here. Any answer that is no success is an error. */
export async function wrk(
  url: string,
  { connections, seconds, script }: WrkOptions,
): Promise<WrkResult> {
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout=30s',
    '-H',
    `Accept: ${ACCEPT}`,
  ];
  if (script !== undefined) args.push('-s', script);
  const { stdout } = await promisify(execFile)('wrk', [...args, url]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk ${url} failed:\n${stdout}`);
  const told = /(\d+) requests in ([\d.]+)s/.exec(stdout);
  const transferred = /Transfer\/sec: +([\d.]+)(B|KB|MB|GB)/.exec(stdout);
  if (told === null || transferred === null) throw new Error(`wrk said something new:\n${stdout}`);
  const requests = Number(told[1]);
  const units: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };
  return {
    requests,
    requestsPerSecond: requests / Number(told[2]),
    bytesPerSecond: Number(transferred[1]) * (units[transferred[2] ?? 'B'] ?? 1),
  };
}
