/** Pushes as the spec describes them, step by step. */
import assert from 'node:assert/strict';
import { type Digest, digestOf, type DigestAlgorithm } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';

/** A Holdfast, in this process or another. */
export interface Server {
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';

/** Opens a session; answers its location. */
export async function beginUpload(
  holdfast: Server,
  repository: string,
  query = '',
): Promise<string> {
  const post = await holdfast.fetch(`/v2/${repository}/blobs/uploads/${query}`, { method: 'POST' });
  assert.equal(post.status, 202, await post.text());
  return post.headers.get('location') ?? '';
}

export function patch(
  holdfast: Server,
  location: string,
  body: Buffer,
  range?: string,
): Promise<Response> {
  const headers = range === undefined ? {} : { 'Content-Range': range };
  return holdfast.fetch(location, { method: 'PATCH', body, headers });
}

/** The closing PUT. */
export function close(
  holdfast: Server,
  location: string,
  digest: string,
  body?: Buffer,
  headers: Record<string, string> = {},
): Promise<Response> {
  const target = `${location}?digest=${digest}`;
  return holdfast.fetch(target, { method: 'PUT', headers, ...(body && { body }) });
}

/** The inclusive end that a session tells, as it tells it. */
export async function uploadRange(holdfast: Server, location: string): Promise<string | null> {
  const status = await holdfast.fetch(location);
  assert.equal(status.status, 204, await status.text());
  return status.headers.get('range');
}

export async function pushBlob(
  holdfast: Server,
  repository: string,
  content: Buffer,
  algorithm: DigestAlgorithm = 'sha256',
): Promise<Digest> {
  const digest = digestOf(content, algorithm);
  const put = await close(holdfast, await beginUpload(holdfast, repository), digest, content);
  assert.equal(put.status, 201, await put.text());
  return digest;
}

export function putManifest(
  holdfast: Server,
  repository: string,
  reference: string,
  content: Buffer | string | object,
  type: string | null = MediaType.ociManifest,
): Promise<Response> {
  const body =
    typeof content === 'string' || Buffer.isBuffer(content)
      ? Buffer.from(content)
      : JSON.stringify(content);
  return holdfast.fetch(`/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    body,
    headers: type === null ? {} : { 'Content-Type': type },
  });
}

export function describe(content: Buffer, mediaType = LAYER_TYPE) {
  return { mediaType, digest: digestOf(content), size: content.byteLength };
}

export interface Sample {
  readonly config: Buffer;
  readonly layer: Buffer;
  readonly manifest: Buffer;
  readonly digest: Digest;
}

/** An image of one layer; another seed is another image. `extra` goes into the manifest. */
export function sample(seed: string, extra: object = {}): Sample {
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', made: seed }));
  const layer = madeUpBytes(seed, 3_000);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      config: describe(config, CONFIG_TYPE),
      layers: [describe(layer)],
      ...extra,
    }),
  );
  return { config, layer, manifest, digest: digestOf(manifest) };
}

/** Pushes an image of one layer under a tag or its digest. */
export async function pushSample(
  holdfast: Server,
  repository: string,
  reference: string | undefined,
  seed: string = `${repository}:${reference ?? ''}`,
  extra: object = {},
): Promise<Sample> {
  const image = sample(seed, extra);
  await pushBlob(holdfast, repository, image.config);
  await pushBlob(holdfast, repository, image.layer);
  const put = await putManifest(holdfast, repository, reference ?? image.digest, image.manifest);
  assert.equal(put.status, 201, await put.text());
  return image;
}

export function indexOf(children: readonly Buffer[], extra: object = {}): object {
  return {
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    manifests: children.map((child) => describe(child, MediaType.ociManifest)),
    ...extra,
  };
}
