/** Requests to the JSON API. Each resolves with a parsed answer or rejects with a RequestError. */
import type * as z from 'zod';
import { API_ROOT, CSRF_HEADER } from '../../api/protocol.ts';
import { authorizationHeader } from './credentials.ts';
import { failedAnswer, parseJson } from './error-answer.ts';
import { MISUNDERSTOOD, RequestError, UNREACHABLE } from './failure.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

/** `/api/v1/tags?repository=…`; what is undefined or empty is left out. */
export function apiPath(resource: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return `${API_ROOT}/${resource}${text === '' ? '' : `?${text}`}`;
}

export function get<T>(schema: z.ZodType<T>, path: string, signal?: AbortSignal): Promise<T> {
  return request(schema, path, { method: 'GET', ...(signal && { signal }) });
}

export function post<T>(schema: z.ZodType<T>, path: string, body: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  return request(schema, path, { method: 'POST', headers, body: JSON.stringify(body) });
}

export function remove<T>(schema: z.ZodType<T>, path: string): Promise<T> {
  return request(schema, path, { method: 'DELETE', headers: { [CSRF_HEADER]: '1' } });
}

interface Sent extends RequestInit {
  readonly headers?: Readonly<Record<string, string>>;
}

async function request<T>(schema: z.ZodType<T>, path: string, init: Sent): Promise<T> {
  const { status, text } = await send(path, init);
  const body = parseJson(text);
  if (status < 200 || status > 299) throw new RequestError(failedAnswer(status, body));
  const { data } = schema.safeParse(body);
  if (data === undefined) throw new RequestError(MISUNDERSTOOD);
  return data;
}

async function send(path: string, init: Sent): Promise<{ status: number; text: string }> {
  try {
    const headers = { ...init.headers, ...authorizationHeader() };
    // Without credentials of its own the browser asks nobody for a password: the page does.
    const response = await fetch(path, { ...init, headers, credentials: 'omit' });
    return { status: response.status, text: await response.text() };
  } catch {
    throw new RequestError(UNREACHABLE);
  }
}
