import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the package that this program is of, whether it runs from its sources or from a bundle. Throws where there is none. */
export function packageDirectory(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) {
    const above = dirname(directory);
    if (above === directory) throw new Error(`no package.json above ${import.meta.dirname}`);
    directory = above;
  }
  return directory;
}
