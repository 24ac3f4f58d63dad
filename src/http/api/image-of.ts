/** Images and repositories as the API's users name them. */
import { type FoundImage, findImage } from '../../inventory/find-image.ts';
import { OciError } from '../../oci/error-codes.ts';
import { parseImageName } from '../../oci/image-name.ts';
import { parseTag, type Reference, referenceText } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
import type { Permissions } from '../permissions.ts';
import type { Services } from '../services.ts';

const LATEST = parseTag('latest');

/** What a name means to who asks, hosted first, as for pulls; the upstream's may not be known yet. */
export function repositoriesOf(
  name: string,
  { naming }: Pick<Services, 'naming'>,
  permissions: Permissions,
): readonly Repository[] {
  const resolution = naming.resolve(name);
  if (resolution.state !== 'found') throw new OciError('NAME_INVALID', { detail: { name } });
  const { target } = resolution;
  const all = target.kind === 'mirrored' ? [target.repository] : [target.hosted, target.mirrored];
  return all.filter((one) => one !== undefined).filter((one) => permissions.canSee(one));
}

export interface NamedImage {
  readonly repositories: readonly Repository[];
  readonly reference: Reference;
}

/** Without a tag it is `latest`, as for docker. */
export function imageOf(
  text: string,
  services: Pick<Services, 'naming'>,
  permissions: Permissions,
): NamedImage {
  const image = parseImageName(text);
  if (!image || LATEST === undefined) {
    throw new OciError('NAME_INVALID', { message: 'this is no name of an image' });
  }
  const { name, reference = { kind: 'tag', tag: LATEST } } = image;
  return { repositories: repositoriesOf(name, services, permissions), reference };
}

/** The image, where it is held; else MANIFEST_UNKNOWN. */
export async function heldImageOf(
  text: string,
  services: Pick<Services, 'naming' | 'metadata'>,
  permissions: Permissions,
): Promise<FoundImage> {
  const { repositories, reference } = imageOf(text, services, permissions);
  const found = await findImage(services.metadata, repositories, reference);
  if (found) return found;
  // Whoever has left out the tag is told which one was looked for.
  const image = parseImageName(text)?.reference ? text : `${text}:${referenceText(reference)}`;
  throw new OciError('MANIFEST_UNKNOWN', { message: 'not held here', detail: { image } });
}
