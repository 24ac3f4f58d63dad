import * as z from 'zod';
import { type Digest, parseDigest } from './digest.ts';

/** A blob that a manifest names, with what it is called there. */
export interface ImagePart {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string;
}

export interface ImageParts {
  readonly config: ImagePart | undefined;
  readonly layers: readonly ImagePart[];
}

const descriptor = z.object({ digest: z.string(), size: z.number(), mediaType: z.string() });
const manifest = z.object({
  config: descriptor.optional().catch(undefined),
  layers: z.array(descriptor).default([]).catch([]),
});

/** Config and layers of a held manifest, foreign layers too; nothing where it is no image. */
export function readImageParts(content: Uint8Array): ImageParts {
  const { success, data } = manifest.safeParse(JSON.parse(new TextDecoder().decode(content)));
  if (!success) return { config: undefined, layers: [] };
  return { config: data.config && part(data.config)[0], layers: data.layers.flatMap(part) };
}

function part({ digest: named, ...rest }: z.infer<typeof descriptor>): ImagePart[] {
  const digest = parseDigest(named);
  return digest === undefined ? [] : [{ digest, ...rest }];
}
