import type { Descriptor } from './descriptor.ts';
import { parseDigest } from './digest.ts';

/** The descriptors of an index as a referrers list shows them; entries that are not descriptors are left out. */
export function readIndexDescriptors(content: Uint8Array): readonly Descriptor[] {
  const body: unknown = JSON.parse(new TextDecoder().decode(content));
  const list = isObject(body) ? body['manifests'] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const descriptor = readDescriptor(item);
    return descriptor ? [descriptor] : [];
  });
}

function readDescriptor(item: unknown): Descriptor | undefined {
  if (!isObject(item)) return undefined;
  const { mediaType, digest: text, size, artifactType, annotations } = item;
  const digest = typeof text === 'string' ? parseDigest(text) : undefined;
  if (typeof mediaType !== 'string' || digest === undefined || typeof size !== 'number') {
    return undefined;
  }
  return {
    mediaType,
    digest,
    size,
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(isTexts(annotations) && { annotations }),
  };
}

function isTexts(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
