import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Hooks run in the order in which they were set: the last server over the directory may still be ending. */
const RETRIES = 20;

/** A directory for servers that follow one another; it goes with the test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: RETRIES }));
  return dir;
}
