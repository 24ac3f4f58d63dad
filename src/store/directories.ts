import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Blobs may be private images: nobody but the server's own user gets in. */
const OWNER_ONLY = 0o700;

/** Makes the names in `path` durable: a rename or a new file is only safe from power loss after this. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes `path` and what is missing above it, durably. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: OWNER_ONLY });
  if (first === undefined) return;
  const top = dirname(first);
  for (let made = path; made !== top; made = dirname(made)) await syncDirectory(dirname(made));
}
