/** The page as it is in the source now, in a folder of its own. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPage } from '../../build/page.ts';

let built: Promise<string> | undefined;

/** The folder of the built page. It is built once in each process, and goes with it. */
export function builtPage(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-page-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const page = join(folder, 'page');
  await buildPage(page);
  return page;
}
