/** What image-spec's index and Docker's manifest list say; unknown fields stay as they are. */
import * as z from 'zod';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { ArchiveError, quoted } from './archive-error.ts';

export const digestText = z.string().transform((text, context): Digest => {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  context.addIssue({ code: 'custom', message: 'not a sha256 or sha512 digest' });
  return z.NEVER;
});

const platformSchema = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
});
export type Platform = z.infer<typeof platformSchema>;

const descriptorSchema = z.looseObject({
  mediaType: z.string(),
  digest: digestText,
  size: z.int().nonnegative(),
  platform: platformSchema.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type IndexEntry = z.infer<typeof descriptorSchema>;

export const indexSchema = z.looseObject({ manifests: z.array(descriptorSchema) });

/** @throws ArchiveError where `value` has another shape, naming the first field that has */
export function parseShape<Shape>(schema: z.ZodType<Shape>, value: unknown, name: string): Shape {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new ArchiveError(`${quoted(name)} is not what it should be: ${path} ${issue?.message}`);
}

/** `linux/arm/v7` */
export function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** An index with only those of its entries that are in `kept`; nothing else of it changes. */
export function reducedIndex(bytes: Uint8Array, kept: ReadonlySet<Digest>): Buffer {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const { manifests } = indexSchema.parse(value);
  return withFields(value, { manifests: manifests.filter(({ digest }) => kept.has(digest)) });
}

/** A JSON object with other values in some of its fields, each where it was. */
export function withFields(value: unknown, fields: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(JSON.stringify({ ...jsonObject.parse(value), ...fields }));
}

const jsonObject = z.record(z.string(), z.unknown());
