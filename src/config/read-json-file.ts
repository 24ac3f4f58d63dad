import { readFileSync } from 'node:fs';
import { parse as parseWithLocations } from '@humanwhocodes/momoa';
import { ConfigurationError } from './configuration-error.ts';

/** @throws ConfigurationError where the file cannot be read or is not JSON; then it tells line and column. */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new ConfigurationError([`${path}: cannot be read (${systemErrorCode(error)})`]);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const { line, column } = locate(text, error);
    throw new ConfigurationError([`${path}: not valid JSON at line ${line}, column ${column}`]);
  }
}

function systemErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/**
 * Where JSON.parse stopped. Its own message has a position only sometimes, and may quote a secret from the file, so it is
 * never shown; a parser that keeps locations goes first.
 */
function locate(text: string, error: unknown): { line: number; column: number } {
  try {
    parseWithLocations(text, { mode: 'json' });
  } catch (failure) {
    if (hasLocation(failure)) return failure;
  }
  // That parser lets control characters in strings pass; for those V8 does tell the position.
  const offset = Number(/at position (\d+)/.exec(String(error))?.[1] ?? text.length);
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

function hasLocation(error: unknown): error is { line: number; column: number } {
  return error instanceof Error && 'line' in error && 'column' in error;
}
