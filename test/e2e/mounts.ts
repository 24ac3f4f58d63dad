import { readFile, rm } from 'node:fs/promises';
import { programEnvironment, run } from './command.ts';

/** Mount points below `directory`, innermost first. */
async function mountsBelow(directory: string): Promise<string[]> {
  const table = await readFile('/proc/self/mounts', 'utf8');
  const points = table.split('\n').map((line) => line.split(' ')[1] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`)).toReversed();
}

/**
 * Removes a directory that container engines have worked in. They leave bind mounts and network
 * namespaces behind even when they end well, and removing through a mount would fail or reach too far.
 */
export async function removeTree(directory: string): Promise<void> {
  for (const point of await mountsBelow(directory)) {
    await run('umount', [point], programEnvironment(), AbortSignal.timeout(10_000));
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}
