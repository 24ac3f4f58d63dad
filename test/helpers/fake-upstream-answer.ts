import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Fault } from './fake-upstream-fault.ts';

/** What the registry would answer if nothing went wrong. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Buffer | string;
  /** The body may be asked for in part. */
  readonly ranges?: boolean;
}

export function errorAnswer(status: number, code: string, message = code): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ errors: [{ code, message }] }),
  };
}

export function jsonAnswer(body: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** Sends `answer` as `fault` bends it. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: Fault,
): Promise<void> {
  if (fault.latency !== undefined) await sleep(fault.latency);
  if (fault.reset === true) {
    response.socket?.resetAndDestroy();
    return;
  }
  if (fault.hang === true) return;
  await fault.holdHeaders?.pass();

  const bent = bend(ranged(request, answer, fault), fault);
  const body = bytesOf(bent);
  for (const [name, value] of Object.entries(bent.headers ?? {})) {
    if (value !== undefined) response.setHeader(name, value);
  }
  if (fault.chunked !== true) response.setHeader('content-length', body.length);
  for (const [name, value] of Object.entries(fault.headers ?? {})) {
    if (value === undefined) response.removeHeader(name);
    else response.setHeader(name, value);
  }
  response.writeHead(bent.status);
  if (request.method === 'HEAD') response.end();
  else await sendBody(response, body, fault);
}

function ranged(request: IncomingMessage, answer: Answer, fault: Fault): Answer {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (answer.ranges !== true) return answer;
  const headers = { ...answer.headers, 'accept-ranges': 'bytes' };
  if (range === null || fault.ignoreRange === true) return { ...answer, headers };
  const body = bytesOf(answer);
  const start = Number(range[1]) + (fault.shiftRange ?? 0);
  const last = Math.min(body.length, fault.onlyUpTo ?? Infinity) - 1;
  const end = Math.min(range[2] === '' ? Infinity : Number(range[2]), last);
  if (start > end) {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${body.length}` } };
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${body.length}` },
    body: body.subarray(start, end + 1),
  };
}

function bend(answer: Answer, fault: Fault): Answer {
  if (fault.status !== undefined) {
    const instead = errorAnswer(fault.status, 'UNKNOWN', 'told to fail');
    return fault.body === undefined ? instead : { ...instead, body: fault.body };
  }
  let body = bytesOf(answer);
  let headers = answer.headers ?? {};
  if (fault.corrupt === true && body.length > 0) {
    body = Buffer.from(body);
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 0xff;
  }
  if (fault.extend !== undefined) body = Buffer.concat([body, Buffer.alloc(fault.extend, '!')]);
  if (fault.gzip === true) {
    body = gzipSync(body);
    headers = { ...headers, 'content-encoding': 'gzip' };
  }
  return { ...answer, headers, body };
}

/** Not copied: a blob may be a gigabyte. */
function bytesOf(answer: Answer): Buffer {
  return typeof answer.body === 'object' ? answer.body : Buffer.from(answer.body ?? '');
}

/** Something that happens when so many body bytes are out; it may end the answer, and nothing comes after that. */
interface Stop {
  readonly after: number;
  act(): Promise<'go on' | 'over'>;
}

async function sendBody(response: ServerResponse, body: Buffer, fault: Fault): Promise<void> {
  const write = writer(response, fault.throttle);
  let sent = 0;
  for (const stop of stops(response, fault)) {
    // A short body, such as that of a 401, never gets there.
    if (stop.after > body.length) break;
    await write(body.subarray(sent, stop.after));
    sent = stop.after;
    if ((await stop.act()) === 'over') return;
  }
  await write(body.subarray(sent));
  response.end();
}

/** What a busy machine needs to read what has arrived. */
const READ_MS = 100;

function stops(response: ServerResponse, fault: Fault): readonly Stop[] {
  const { cutAfter, truncateAfter, stallAfter, hold } = fault;
  const all: Stop[] = [];
  if (hold !== undefined) {
    all.push({ after: hold.after, act: () => hold.gate.pass().then(() => 'go on') });
  }
  const last = (after: number | undefined, how: () => unknown) => {
    if (after === undefined) return;
    all.push({ after, act: () => Promise.resolve(how()).then(() => 'over') });
  };
  last(cutAfter, async () => {
    // A reset takes away what the other side has received and not yet read.
    await sleep(READ_MS);
    response.socket?.resetAndDestroy();
  });
  // With a Content-Length, ending the response would leave the client waiting on a kept-alive connection.
  last(truncateAfter, () => {
    if (response.hasHeader('content-length')) response.socket?.end();
    else response.end();
  });
  last(stallAfter, () => undefined);
  return all.toSorted((one, other) => one.after - other.after);
}

/** Writes bytes and resolves once they are with the kernel, so that a reset behind them does not swallow them. */
function writer(response: ServerResponse, throttle?: number): (bytes: Buffer) => Promise<void> {
  const closed = new Promise((resolve) => response.once('close', resolve));
  response.flushHeaders();
  return async (bytes) => {
    const piece = throttle === undefined ? bytes.length : Math.max(1, Math.ceil(throttle / 50));
    for (let at = 0; at < bytes.length && !response.destroyed; at += piece) {
      const written = new Promise((resolve) => {
        response.write(bytes.subarray(at, at + piece), resolve);
      });
      await Promise.race([written, closed]);
      if (throttle !== undefined) await sleep(20);
    }
  };
}
