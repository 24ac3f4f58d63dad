/** Requests to the JSON API as its clients make them: every answer is checked against its schema. */
import assert from 'node:assert/strict';
import type * as z from 'zod';
import { CSRF_HEADER } from '../../src/api/protocol.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { type Reply, reply } from '../helpers/mirror.ts';

type Query = Readonly<Record<string, string | number>>;

/** GETs and parses strictly: a field that the schema does not know is a mistake too. */
export async function get<Schema extends z.ZodObject>(
  holdfast: Holdfast,
  schema: Schema,
  path: string,
  query: Query = {},
): Promise<z.output<Schema>> {
  return parse(schema, await send(holdfast, 'GET', path, { query }));
}

export async function post<Schema extends z.ZodObject>(
  holdfast: Holdfast,
  schema: Schema,
  path: string,
  body: object,
): Promise<z.output<Schema>> {
  return parse(schema, await send(holdfast, 'POST', path, { body }));
}

export async function remove<Schema extends z.ZodObject>(
  holdfast: Holdfast,
  schema: Schema,
  path: string,
  query: Query,
): Promise<z.output<Schema>> {
  return parse(schema, await send(holdfast, 'DELETE', path, { query }));
}

/** The request that a client makes, and its answer, whatever it is. */
export async function send(
  holdfast: Holdfast,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { query = {}, body }: { readonly query?: Query; readonly body?: object } = {},
): Promise<Reply> {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) search.set(key, String(value));
  const headers: Record<string, string> = {
    ...(method === 'POST' && { 'content-type': 'application/json' }),
    ...(method === 'DELETE' && { [CSRF_HEADER]: '1' }),
  };
  const response = await holdfast.fetch(`/api/v1${path}?${search.toString()}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  return reply(response);
}

/** The lines of an answer that tells of long work. */
export async function postLines(
  holdfast: Holdfast,
  path: string,
  body: object,
): Promise<readonly unknown[]> {
  const { status, body: text } = await send(holdfast, 'POST', path, { body });
  assert.equal(status, 200, text.toString());
  return text
    .toString()
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

function parse<Schema extends z.ZodObject>(schema: Schema, answer: Reply): z.output<Schema> {
  const { status, headers, body } = answer;
  assert.equal(status, 200, body.toString());
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('content-type'), 'application/json');
  return schema.strict().parse(JSON.parse(body.toString())) as z.output<Schema>;
}
