import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORY = join(import.meta.dirname, '../fixtures/tls');

function read(file: string): string {
  return readFileSync(join(DIRECTORY, file), 'utf8');
}

/** PEM of an authority that nobody trusts by default. */
export const TEST_CA = read('ca.pem');

/** A certificate for localhost, 127.0.0.1 and ::1, signed by it. */
export const TEST_TLS = { cert: read('localhost.pem'), key: read('localhost.key') };

/** What a renewal puts in its place; it vouches for itself. */
export const RENEWED_TLS = { cert: read('renewed.pem'), key: read('renewed.key') };
