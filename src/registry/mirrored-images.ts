import { parseImageName } from '../oci/image-name.ts';
import { isGlob, parseTagPattern, type TagPattern } from '../oci/image-patterns.ts';
import type { Reference } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import type { Naming } from './naming.ts';

export type MirroredImages =
  | {
      readonly kind: 'image';
      readonly repository: MirroredRepository;
      readonly reference: Reference;
    }
  /** Those of the repository's tags that match. */
  | {
      readonly kind: 'tags';
      readonly repository: MirroredRepository;
      readonly pattern: TagPattern;
    }
  | { readonly kind: 'none'; readonly problem: string };

/**
 * What an image, or `NAME:GLOB` over tags, is called upstream. `isAllowed`: whether the configuration lets the repository be
 * mirrored.
 */
export function mirroredImages(
  text: string,
  naming: Naming,
  isAllowed: (repository: MirroredRepository) => boolean,
): MirroredImages {
  const pattern = parseTagPattern(text);
  const image = pattern ?? parseImageName(text);
  const resolution = image && naming.resolve(image.name);
  if (!image || resolution?.state !== 'found') {
    return none(isGlob(text) ? ONLY_TAGS : 'this is no name of an image');
  }
  const { target } = resolution;
  const repository = target.kind === 'mirrored' ? target.repository : target.mirrored;
  if (!repository) return none('no upstream is configured for it: it could only be hosted here');
  if (!isAllowed(repository)) {
    return none('the configuration of this mirror does not allow this repository');
  }
  if ('matches' in image) return { kind: 'tags', repository, pattern: image };
  const { reference } = image;
  return reference ? { kind: 'image', repository, reference } : none('a tag or digest is missing');
}

const ONLY_TAGS = 'only the tags of one repository may be a glob, as in alpine:3.*';

function none(problem: string): MirroredImages {
  return { kind: 'none', problem };
}
