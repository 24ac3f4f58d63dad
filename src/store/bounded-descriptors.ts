import type { Descriptor } from '../oci/descriptor.ts';

/** Characters of annotations. A manifest of 4 MiB may be made of nothing else, and a page of a listing is of a thousand manifests. */
export const MAX_ANNOTATIONS = 8 * 1024 * 1024;

/** The first of them: two at least, and none behind the one whose annotations make them too long. */
export function boundedDescriptors(all: Iterable<Descriptor>): Descriptor[] {
  const found: Descriptor[] = [];
  let length = 0;
  for (const one of all) {
    found.push(one);
    for (const [key, value] of Object.entries(one.annotations ?? {}))
      length += key.length + value.length;
    if (length > MAX_ANNOTATIONS && found.length > 1) break;
  }
  return found;
}
