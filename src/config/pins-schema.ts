import * as z from 'zod';
import { parseImageName } from '../oci/image-name.ts';
import { isGlob } from '../oci/image-patterns.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { expected, imagePattern } from './settings.ts';

/** Each is matched against what eviction comes by. */
const MAX_PINS = 1_000;

export const pins = z
  .array(imagePattern(), { error: expected('a list of images and globs') })
  .max(MAX_PINS, { error: `expected at most ${MAX_PINS}` })
  .prefault([])
  .describe(
    'What is never evicted, for as long as it stands here: images, or globs over `NAME:TAG` with names in full, in which `*` ' +
      'matches slashes too.',
  );

/** Whether some repository may have the name that a pin begins with; of a glob nobody can tell. */
export function namesRepository(pin: string, isUpstream: (host: string) => boolean): boolean {
  const name = isGlob(pin) ? undefined : parseImageName(pin)?.name;
  if (name === undefined) return true;
  const [first = '', ...rest] = name.split('/');
  return parseRepositoryName(isUpstream(first) ? rest.join('/') : name) !== undefined;
}
