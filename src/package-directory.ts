import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package that this program is of, whether it runs from its sources or from a bundle. Throws where there is none. */
export function packageDirectory(): string {
  const own = fileURLToPath(new URL('.', import.meta.url));
  let directory = own;
  while (!existsSync(join(directory, 'package.json'))) {
    const above = dirname(directory);
    if (above === directory) throw new Error(`no package.json above ${own}`);
    directory = above;
  }
  return directory;
}
