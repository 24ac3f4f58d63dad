import * as z from 'zod';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, parseDigest } from '../../oci/digest.ts';
import { UpstreamError } from '../errors.ts';

/** Both specs of old and some registries of today say null for "none". */
const tagList = z.object({ tags: z.array(z.string()).nullish() });

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.custom<Digest>((text) => typeof text === 'string' && parseDigest(text) !== undefined),
  size: z.int().nonnegative(),
  artifactType: z.string().optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
const referrersIndex = z.object({ manifests: z.array(descriptor).nullish() });

/**
 * @param what - the request, for messages
 * @throws UpstreamError - `bad-answer` where it is no tag list
 */
export function readTagList(content: Uint8Array, what: string): readonly string[] {
  return read(tagList, content, what).tags ?? [];
}

/**
 * The descriptors of a referrers answer: an image index whose manifests are the referrers.
 *
 * @param what - the request, for messages
 * @throws UpstreamError - `bad-answer` where it is none
 */
export function readReferrers(content: Uint8Array, what: string): readonly Descriptor[] {
  const { manifests } = read(referrersIndex, content, what);
  return (manifests ?? []).map(({ mediaType, digest, size, artifactType, annotations }) => ({
    mediaType,
    digest,
    size,
    ...(artifactType !== undefined && artifactType !== '' && { artifactType }),
    ...(annotations && { annotations }),
  }));
}

function read<T>(schema: z.ZodType<T>, content: Uint8Array, what: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(content).toString()));
  } catch (cause) {
    throw new UpstreamError('bad-answer', `${what}: not what such a list looks like`, { cause });
  }
}
