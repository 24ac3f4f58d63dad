import * as z from 'zod';
import { type Digest, parseDigest } from './digest.ts';
import { isPlatform, type Platform, platformText } from './platform.ts';

/** One manifest that an index names. */
export interface IndexEntry {
  readonly digest: Digest;
  /** Bytes of the manifest. */
  readonly size: number;
  readonly platform?: Platform | undefined;
  /** The image that it attests: provenance and SBOM, as BuildKit puts them beside it. */
  readonly attests?: Digest | undefined;
}

const text = z.string().optional().catch(undefined);
const index = z.object({
  manifests: z.array(
    z.object({
      digest: z.string(),
      size: z.number(),
      platform: z
        .object({ os: z.string(), architecture: z.string(), variant: text })
        .optional()
        .catch(undefined),
      annotations: z.object({ 'vnd.docker.reference.digest': text }).optional().catch(undefined),
    }),
  ),
});

/** What the index names; nothing where the bytes are no index. */
export function readIndexEntries(content: Uint8Array): readonly IndexEntry[] {
  const { success, data } = index.safeParse(JSON.parse(new TextDecoder().decode(content)));
  if (!success) return [];
  return data.manifests.flatMap(({ digest: named, size, platform, annotations }) => {
    const digest = parseDigest(named);
    const about = annotations?.['vnd.docker.reference.digest'];
    const attests = about === undefined ? undefined : parseDigest(about);
    return digest === undefined ? [] : [{ digest, size, platform, attests }];
  });
}

/**
 * The entries for these platforms (all of them where none is stated), with what attests them, and with those that do not say what they
 * are for. `missing`: platforms that no entry is for.
 */
export function chooseEntries(
  entries: readonly IndexEntry[],
  wanted: readonly Platform[],
): { readonly chosen: readonly IndexEntry[]; readonly missing: readonly string[] } {
  if (wanted.length === 0) return { chosen: entries, missing: [] };
  const images = entries.filter(({ attests }) => attests === undefined);
  const matching = images.filter(
    ({ platform }) => !platform || wanted.some((one) => isPlatform(platform, one)),
  );
  const digests = new Set(matching.map(({ digest }) => digest));
  const attestations = entries.filter(
    ({ attests }) => attests !== undefined && digests.has(attests),
  );
  const missing = wanted.filter(
    (one) => !matching.some(({ platform }) => !platform || isPlatform(platform, one)),
  );
  return { chosen: [...matching, ...attestations], missing: missing.map(platformText) };
}
