/** A small registry client that pulls and pushes whole images as real ones do, and checks every digest. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';

export interface Pulled {
  readonly digest: string;
  /** Body bytes of manifests and blobs. */
  readonly bytes: number;
}

interface ImageManifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

/** Layers are fetched three at a time, like docker does. */
const PARALLEL = 3;

/** Pulls an image by tag or digest: HEAD, manifest by digest, config and layers, all verified. */
export async function pullImage(
  url: string,
  repository: string,
  reference: string,
): Promise<Pulled> {
  const head = await fetch(`${url}/v2/${repository}/manifests/${reference}`, { method: 'HEAD' });
  assert.equal(head.status, 200, `HEAD ${repository}:${reference}`);
  const digest = head.headers.get('docker-content-digest') ?? '';
  const content = await getVerified(`${url}/v2/${repository}/manifests/${digest}`, digest);
  const manifest = JSON.parse(content.toString()) as ImageManifest;
  const wanted = [manifest.config, ...manifest.layers].map((one) => one.digest);
  let bytes = content.byteLength;
  const worker = async (): Promise<void> => {
    for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
      const blob = await getVerified(`${url}/v2/${repository}/blobs/${next}`, next);
      bytes += blob.byteLength;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return { digest, bytes };
}

/** GETs content and checks it against its digest. */
export async function getVerified(url: string, digest: string): Promise<Buffer> {
  const response = await fetch(url);
  assert.equal(response.status, 200, `GET ${url}: ${response.status}`);
  const content = Buffer.from(await response.arrayBuffer());
  const [algorithm = '', hex] = digest.split(':');
  assert.equal(createHash(algorithm).update(content).digest('hex'), hex, `wrong bytes from ${url}`);
  return content;
}

/** Pushes a made-up image with random layers of these sizes: HEAD, POST, PUT for each blob, then the manifest. */
export async function pushImage(
  url: string,
  repository: string,
  tag: string,
  layerSizes: readonly number[],
): Promise<Pulled> {
  const layers = layerSizes.map((size) => randomBytes(size));
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', made: Date.now() }),
  );
  for (const blob of [config, ...layers]) await pushBlob(url, repository, blob);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      config: describeBlob('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((layer) => describeBlob('application/vnd.oci.image.layer.v1.tar', layer)),
    }),
  );
  const put = await fetch(`${url}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'Content-Type': MediaType.ociManifest },
    body: manifest,
  });
  assert.equal(put.status, 201, await put.text());
  const bytes = [manifest, config, ...layers].reduce((sum, one) => sum + one.byteLength, 0);
  return { digest: digestOf(manifest), bytes };
}

function describeBlob(mediaType: string, blob: Buffer) {
  return { mediaType, digest: digestOf(blob), size: blob.byteLength };
}

/** Pushes one blob in a session: POST, then PUT with the whole body. Answers its digest. */
export async function pushBlob(url: string, repository: string, blob: Buffer): Promise<string> {
  const digest = digestOf(blob);
  const head = await fetch(`${url}/v2/${repository}/blobs/${digest}`, { method: 'HEAD' });
  if (head.status === 200) return digest;
  const post = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  assert.equal(post.status, 202, await post.text());
  const location = new URL(post.headers.get('location') ?? '', url);
  location.searchParams.set('digest', digest);
  const put = await fetch(location, { method: 'PUT', body: blob });
  assert.equal(put.status, 201, await put.text());
  return digest;
}
