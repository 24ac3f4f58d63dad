import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** RFC 7518 §3.2: a key of HS256 has 256 bits at least. */
const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

/** The key that tokens are signed with: kept in `dir`, made where there is none. Without the file all tokens are void. */
export async function signingKey(dir: string): Promise<Uint8Array> {
  const file = join(dir, 'token-key');
  const known = await readKey(file);
  if (known?.byteLength === KEY_BYTES) {
    await chmod(file, OWNER_ONLY);
    return known;
  }
  // None, or what a power failure left of one.
  const key = randomBytes(KEY_BYTES);
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, key, { mode: OWNER_ONLY, flag: 'wx' });
  await rename(draft, file);
  return key;
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
