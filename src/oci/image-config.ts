import * as z from 'zod';
import type { Platform } from './platform.ts';

/** What people ask of an image's config (image-spec, "Image Configuration"). */
export interface ImageConfig {
  readonly platform: Platform | undefined;
  /** When it was built, as it says (RFC 3339). */
  readonly created: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

const text = z.string().optional().catch(undefined);
const schema = z.object({
  os: text,
  architecture: text,
  variant: text,
  created: text,
  config: z
    .object({ Labels: z.record(z.string(), z.string()).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
});

/** Undefined where the bytes are no config; a field that is not what it should be is left out. */
export function readImageConfig(content: Uint8Array): ImageConfig | undefined {
  const { success, data } = schema.safeParse(parse(content));
  if (!success) return undefined;
  const { os, architecture, variant, created, config } = data;
  const isPlatform = os !== undefined && os !== '' && architecture !== undefined;
  return {
    platform: isPlatform
      ? { os, architecture, ...(variant !== undefined && variant !== '' && { variant }) }
      : undefined,
    created,
    labels: config?.Labels ?? undefined,
  };
}

function parse(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
