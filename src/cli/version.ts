import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { packageDirectory } from '../package-directory.ts';

/** The version in package.json. */
export function readVersion(): string {
  const text = readFileSync(join(packageDirectory(), 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
