/**
 * Reads what a registry has to know of a manifest: what it names, what it is about, how the referrers API shows it.
 * The bytes themselves are never rewritten; unknown fields stay as they came.
 */
import { type Digest, parseDigest } from './digest.ts';
import { essence, isImageMediaType, isIndexMediaType, MediaType } from './media-types.ts';

/** A descriptor that a manifest names, in the role it has there. */
export interface NamedDescriptor {
  readonly role: 'config' | 'layer' | 'manifest';
  readonly digest: Digest;
  readonly size: number;
}

export interface Manifest {
  readonly mediaType: string;
  /** What must be held for the manifest to be whole. Foreign layers, fetched from elsewhere by clients, are not among them. */
  readonly descriptors: readonly NamedDescriptor[];
  readonly subject?: Digest;
  /** As a referrers list shows it: its own, else its config's media type (distribution-spec, "Listing Referrers"). */
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problem: string };

type Json = Readonly<Record<string, unknown>>;

/** The artifact manifest of image-spec 1.1's release candidates: withdrawn, still found in registries. */
const ARTIFACT_MANIFEST = 'application/vnd.oci.artifact.manifest.v1+json';

class Problem extends Error {}

/**
 * Parses manifest bytes that came with `contentType`. A missing or generic Content-Type falls back to the body's
 * `mediaType`; two that contradict each other are a problem (CVE-2021-41190), and so is a body that reads as an image
 * and as an index.
 */
export function parseManifest(
  content: Uint8Array,
  contentType: string | undefined,
): ParsedManifest {
  try {
    return { ok: true, manifest: readManifest(readJson(content), contentType) };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.message };
    throw error;
  }
}

function readJson(content: Uint8Array): Json {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
    if (isObject(value)) return value;
  } catch (error) {
    throw new Problem('the manifest is not valid JSON', { cause: error });
  }
  throw new Problem('the manifest is not a JSON object');
}

function readManifest(body: Json, contentType: string | undefined): Manifest {
  const mediaType = chooseMediaType(body, contentType);
  if (body['schemaVersion'] !== undefined && body['schemaVersion'] !== 2) {
    throw new Problem('schemaVersion must be 2; schema 1 manifests are not supported');
  }
  const looksLikeIndex = body['manifests'] !== undefined;
  const looksLikeImage = body['layers'] !== undefined || body['config'] !== undefined;
  if (looksLikeIndex && looksLikeImage) {
    throw new Problem('the manifest has both "manifests" and "config" or "layers"');
  }
  if (isIndexMediaType(mediaType) && !Array.isArray(body['manifests'])) {
    throw new Problem(`a manifest of type ${mediaType} needs a "manifests" array`);
  }
  if (isImageMediaType(mediaType) && !(isObject(body['config']) && Array.isArray(body['layers']))) {
    throw new Problem(`a manifest of type ${mediaType} needs a "config" and a "layers" array`);
  }
  const subject =
    body['subject'] === undefined ? undefined : readDescriptor(body['subject'], 'subject');
  const artifactType = readArtifactType(body);
  const annotations = readAnnotations(body['annotations']);
  return {
    mediaType,
    descriptors: readDescriptors(body),
    ...(subject && { subject: subject.digest }),
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
}

function chooseMediaType(body: Json, contentType: string | undefined): string {
  const told = contentType === undefined ? '' : essence(contentType);
  const generic = told === '' || told === 'application/json' || told === 'application/octet-stream';
  const own = body['mediaType'];
  if (own !== undefined && typeof own !== 'string') throw new Problem('mediaType must be a string');
  if (!generic && own !== undefined && own !== '' && essence(own) !== told) {
    throw new Problem(`Content-Type is ${told}, but mediaType is ${own}`);
  }
  const mediaType = generic ? (own ?? '') : told;
  if (isIndexMediaType(mediaType) || isImageMediaType(mediaType)) return mediaType;
  if (mediaType === ARTIFACT_MANIFEST) return mediaType;
  // An OCI manifest may leave mediaType out; its shape then says what it is.
  if (mediaType === '' && Array.isArray(body['manifests'])) return MediaType.ociIndex;
  if (mediaType === '' && Array.isArray(body['layers'])) return MediaType.ociManifest;
  throw new Problem(`media type "${mediaType}" is not one of a manifest that is supported`);
}

function readDescriptors(body: Json): NamedDescriptor[] {
  const named: NamedDescriptor[] = [];
  if (body['config'] !== undefined) {
    named.push({ role: 'config', ...readDescriptor(body['config'], 'config') });
  }
  for (const [field, role] of [
    ['layers', 'layer'],
    ['blobs', 'layer'],
    ['manifests', 'manifest'],
  ] as const) {
    const list = body[field] ?? [];
    if (!Array.isArray(list)) throw new Problem(`${field} must be an array`);
    list.forEach((item: unknown, index) => {
      const descriptor = readDescriptor(item, `${field}[${index}]`);
      if (!isForeign(item)) named.push({ role, ...descriptor });
    });
  }
  return named;
}

function readDescriptor(value: unknown, where: string): { digest: Digest; size: number } {
  if (!isObject(value)) throw new Problem(`${where} must be a descriptor`);
  const digest = typeof value['digest'] === 'string' ? parseDigest(value['digest']) : undefined;
  if (digest === undefined) throw new Problem(`${where}.digest must be a sha256 or sha512 digest`);
  const size = value['size'];
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new Problem(`${where}.size must be a number of bytes`);
  }
  return { digest, size };
}

/** Layers that clients fetch from `urls`, or that licences forbid to distribute: never required here. */
function isForeign(value: unknown): boolean {
  if (!isObject(value)) return false;
  const mediaType = value['mediaType'];
  const urls = value['urls'];
  return (
    (Array.isArray(urls) && urls.length > 0) ||
    (typeof mediaType === 'string' &&
      (mediaType.includes('.nondistributable.') || mediaType.includes('.foreign.')))
  );
}

function readArtifactType(body: Json): string | undefined {
  const own = body['artifactType'];
  if (typeof own === 'string' && own !== '') return own;
  const config = body['config'];
  const configType = isObject(config) ? config['mediaType'] : undefined;
  return typeof configType === 'string' && configType !== '' ? configType : undefined;
}

/** Values that are not strings are left out: harmless in a manifest, but a referrers list may not carry them. */
function readAnnotations(value: unknown): Record<string, string> | undefined {
  if (!isObject(value)) return undefined;
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
