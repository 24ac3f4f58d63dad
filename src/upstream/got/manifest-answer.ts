import type { IncomingHttpHeaders } from 'node:http';
import { type Digest, digestAlgorithm, digestOf, parseDigest } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { essence, MediaType } from '../../oci/media-types.ts';
import type { Reference } from '../../oci/reference.ts';
import { UpstreamError } from '../errors.ts';
import type { ManifestHead, UpstreamManifest } from '../upstream.ts';

/**
 * What we say we can take, whoever asks: otherwise a tag would stand for another digest for each client. Without it Docker
 * Hub answers schema 1. Several registries want the list types first; the wildcard is for artifacts.
 */
export const ACCEPT_MANIFESTS = [
  MediaType.ociIndex,
  MediaType.dockerList,
  MediaType.ociManifest,
  MediaType.dockerManifest,
  '*/*',
].join(', ');

const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;
/** Content-Types that say nothing of a manifest. */
const GENERIC = new Set(['', 'application/json', 'application/octet-stream']);

/**
 * Checks the answer to a GET manifest: its bytes against the digest asked for, else against the one told, and its
 * media type against its content.
 *
 * @param what - the request, for messages
 * @throws UpstreamError - `bad-answer`
 */
export function readManifestAnswer(
  content: Uint8Array,
  headers: IncomingHttpHeaders,
  reference: Reference,
  what: string,
): UpstreamManifest {
  const expected = reference.kind === 'digest' ? reference.digest : toldDigest(headers);
  const digest = digestOf(content, expected && digestAlgorithm(expected));
  if (expected !== undefined && digest !== expected) {
    throw new UpstreamError('bad-answer', `${what}: content has digest ${digest}, not ${expected}`);
  }
  const parsed = parseManifest(content, headers['content-type']);
  if (!parsed.ok) throw new UpstreamError('bad-answer', `${what}: ${parsed.problem}`);
  return { content, digest, mediaType: parsed.manifest.mediaType };
}

/**
 * What the answer to a HEAD manifest tells.
 *
 * @param what - the request, for messages
 * @throws UpstreamError - `bad-answer` for the withdrawn schema 1: its digest would name another content
 */
export function readManifestHead(headers: IncomingHttpHeaders, what: string): ManifestHead {
  const digest = toldDigest(headers);
  const mediaType = essence(headers['content-type'] ?? '');
  if (SCHEMA_1.test(mediaType)) {
    throw new UpstreamError('bad-answer', `${what}: schema 1 manifests are not supported`);
  }
  const size = contentLength(headers);
  return {
    ...(digest !== undefined && { digest }),
    ...(!GENERIC.has(mediaType) && { mediaType }),
    ...(size !== undefined && { size }),
  };
}

/** Bytes, where the answer tells. */
export function contentLength(headers: IncomingHttpHeaders): number | undefined {
  const field = headers['content-length'] ?? '';
  return /^\d{1,15}$/.test(field) ? Number(field) : undefined;
}

/** A digest of an algorithm that is not known here is as good as none. */
function toldDigest(headers: IncomingHttpHeaders): Digest | undefined {
  const field = headers['docker-content-digest'];
  return typeof field === 'string' ? parseDigest(field) : undefined;
}
