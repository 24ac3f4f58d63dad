import { parseImageName } from '../oci/image-name.ts';
import type { Reference } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import type { Naming } from './naming.ts';

export type MirroredImage =
  | { readonly ok: true; readonly repository: MirroredRepository; readonly reference: Reference }
  | { readonly ok: false; readonly problem: string };

/** What an image is called upstream. `isAllowed`: whether the configuration lets the repository be mirrored. */
export function mirroredImage(
  image: string,
  naming: Naming,
  isAllowed: (repository: MirroredRepository) => boolean,
): MirroredImage {
  const parsed = parseImageName(image);
  if (!parsed) return { ok: false, problem: 'this is no name of an image' };
  const { name, reference } = parsed;
  if (!reference) return { ok: false, problem: 'a tag or digest is missing' };
  const resolution = naming.resolve(name);
  if (resolution.state !== 'found') return { ok: false, problem: 'this is no name of an image' };
  const { target } = resolution;
  const repository = target.kind === 'mirrored' ? target.repository : target.mirrored;
  if (!repository) {
    return { ok: false, problem: 'no upstream is configured for it: it could only be hosted here' };
  }
  if (!isAllowed(repository)) {
    return {
      ok: false,
      problem: 'the configuration of this mirror does not allow this repository',
    };
  }
  return { ok: true, repository, reference };
}
