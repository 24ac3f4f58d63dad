/** Images fetched ahead through the API. */
import assert from 'node:assert/strict';
import { type WarmLine, warmLine, type WarmProgress } from '../../src/api/warm.ts';
import type { Holdfast } from '../helpers/holdfast.ts';

export const JSON_BODY = { 'Content-Type': 'application/json' };

export async function postWarm(holdfast: Holdfast, body: object): Promise<Response> {
  const headers = JSON_BODY;
  return holdfast.fetch('/api/v1/warm', { method: 'POST', headers, body: JSON.stringify(body) });
}

export async function warm(
  holdfast: Holdfast,
  images: readonly string[],
  platforms: readonly string[] = [],
  more: object = {},
): Promise<{ readonly lines: readonly WarmProgress[]; readonly failed: number }> {
  const response = await postWarm(holdfast, { images, platforms, ...more });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
  const all = text
    .trimEnd()
    .split('\n')
    .map((line): WarmLine => warmLine.parse(JSON.parse(line)));
  const last = all.at(-1);
  assert.ok(last?.done === true, 'the last line says that it is done');
  const lines = all.filter((line): line is WarmProgress => line.done !== true);
  return { lines, failed: last.failed };
}

/** How each image ended. */
export function outcomes(lines: readonly WarmProgress[]): Record<string, string> {
  const ends = lines.filter(({ state }) => state !== 'resolving' && state !== 'fetching');
  return Object.fromEntries(
    ends.map(({ image, state, message }) => [
      image,
      message === undefined ? state : `${state}: ${message}`,
    ]),
  );
}
