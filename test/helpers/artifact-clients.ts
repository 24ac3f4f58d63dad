/** What oras, helm and cosign send, request for request with the headers that they have, and what they insist on. */
import assert from 'node:assert/strict';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { type Artifact, cosignTag } from './artifacts.ts';

/** A Holdfast, or any other registry. */
export interface Server {
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

const { ociIndex, ociManifest, dockerList, dockerManifest } = MediaType;
const ARTIFACT_MANIFEST = 'application/vnd.oci.artifact.manifest.v1+json';

/** oras-go's, when it resolves a tag. */
const ORAS_ACCEPT = [dockerManifest, dockerList, ociManifest, ociIndex, ARTIFACT_MANIFEST].join(
  ', ',
);
/** containerd's resolver, which helm had until 3.17. */
const HELM_ACCEPT = [dockerManifest, dockerList, ociManifest, ociIndex, '*/*'].join(', ');
/** go-containerregistry's, in crane and cosign. */
const GGCR_ACCEPT = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  dockerManifest,
  ociManifest,
  ociIndex,
  dockerList,
].join(',');

/** A repository as its client names it. */
export interface Place {
  readonly server: Server;
  readonly repository: string;
}

async function request(
  { server, repository }: Place,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Buffer,
): Promise<Response> {
  return server.fetch(path.startsWith('/') ? path : `/v2/${repository}/${path}`, {
    method,
    headers,
    ...(body && { body }),
  });
}

async function expect(
  status: number,
  place: Place,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer,
): Promise<{ readonly headers: Headers; readonly body: Buffer }> {
  const answer = await request(place, method, path, headers, body);
  const content = Buffer.from(await answer.arrayBuffer());
  assert.equal(answer.status, status, `${method} ${path}: ${answer.status} ${content.toString()}`);
  return { headers: answer.headers, body: content };
}

type PushBlob = (place: Place, blob: Buffer) => Promise<void>;

/** oras-go, and helm since 3.18: HEAD, POST, and all of it in the closing PUT. */
const putBlob: PushBlob = async (place, blob) => {
  const digest = digestOf(blob);
  const head = await request(place, 'HEAD', `blobs/${digest}`, {});
  if (head.status === 200) return;
  assert.equal(head.status, 404);
  const post = await expect(202, place, 'POST', 'blobs/uploads/', { 'Content-Length': '0' });
  const location = `${post.headers.get('location')}?digest=${encodeURIComponent(digest)}`;
  const headers = { 'Content-Type': 'application/octet-stream' };
  await expect(201, place, 'PUT', location, headers, blob);
};

/** go-containerregistry: HEAD, POST, PATCH, and an empty PUT. */
const patchBlob: PushBlob = async (place, blob) => {
  const digest = digestOf(blob);
  const head = await request(place, 'HEAD', `blobs/${digest}`, {});
  if (head.status === 200) return;
  const json = { 'Content-Type': 'application/json' };
  const post = await expect(202, place, 'POST', 'blobs/uploads/', json);
  const patched = await expect(202, place, 'PATCH', post.headers.get('location') ?? '', {}, blob);
  const location = `${patched.headers.get('location')}?digest=${encodeURIComponent(digest)}`;
  await expect(201, place, 'PUT', location, json);
};

async function pushWith(
  pushBlob: PushBlob,
  place: Place,
  reference: string,
  { blobs, manifest, mediaType, digest }: Artifact,
): Promise<Headers> {
  for (const blob of blobs) await pushBlob(place, blob);
  await request(place, 'HEAD', `manifests/${digest}`, { Accept: mediaType });
  const headers = { 'Content-Type': mediaType };
  const put = await expect(201, place, 'PUT', `manifests/${reference}`, headers, manifest);
  assert.equal(put.headers.get('docker-content-digest'), digest);
  return put.headers;
}

export const oras = {
  push: (place: Place, reference: string, artifact: Artifact) =>
    pushWith(putBlob, place, reference, artifact),

  /** Without `OCI-Subject` it would take the registry for one without the API, and keep the fallback tag. */
  async attach(place: Place, subject: Artifact, referrer: Artifact): Promise<void> {
    await expect(200, place, 'HEAD', `manifests/${subject.digest}`, { Accept: ORAS_ACCEPT });
    const headers = await pushWith(putBlob, place, referrer.digest, referrer);
    assert.equal(headers.get('oci-subject'), subject.digest);
  },

  /** The digests, and the types that it shows. */
  async discover(place: Place, subject: Artifact, type?: string): Promise<Record<string, string>> {
    const query = type === undefined ? '' : `?artifactType=${encodeURIComponent(type)}`;
    const path = `referrers/${subject.digest}${query}`;
    const { headers, body } = await expect(200, place, 'GET', path, { Accept: ociIndex });
    assert.equal(headers.get('content-type'), ociIndex);
    assert.equal(headers.get('oci-filters-applied'), type === undefined ? null : 'artifactType');
    const { manifests } = JSON.parse(body.toString()) as {
      manifests: { digest: string; artifactType: string }[];
    };
    return Object.fromEntries(manifests.map(({ digest, artifactType }) => [digest, artifactType]));
  },

  async pull(place: Place, reference: string, artifact: Artifact): Promise<void> {
    await resolve(place, reference, artifact, ORAS_ACCEPT);
    const accept = { Accept: artifact.mediaType };
    const got = await expect(200, place, 'GET', `manifests/${artifact.digest}`, accept);
    assert.deepEqual(got.body, artifact.manifest);
    assert.equal(got.headers.get('content-type'), artifact.mediaType);
    for (const blob of artifact.blobs) await getBlob(place, blob, {});
  },
};

export const helm = {
  push: oras.push,

  /** A version that is a range is looked up among the tags first. */
  async pull(place: Place, artifact: Artifact & { readonly tag: string }): Promise<void> {
    const { body } = await expect(200, place, 'GET', 'tags/list');
    const { tags } = JSON.parse(body.toString()) as { tags: string[] };
    assert.ok(tags.includes(artifact.tag));
    await resolve(place, artifact.tag, artifact, HELM_ACCEPT);
    const headers = { Accept: `${artifact.mediaType}, */*` };
    const got = await expect(200, place, 'GET', `manifests/${artifact.digest}`, headers);
    assert.deepEqual(got.body, artifact.manifest);
    for (const blob of artifact.blobs) await getBlob(place, blob, { Accept: 'text/plain, */*' });
  },
};

export const cosign = {
  /** The tag is looked for first, to add to what it names. */
  async sign(
    place: Place,
    subject: Artifact,
    signatures: Artifact & { readonly tag: string },
    before: 'none' | Artifact,
  ): Promise<void> {
    await get(place, subject.digest, subject);
    if (before === 'none') await isMissing(place, signatures.tag);
    else await get(place, signatures.tag, before);
    await pushWith(patchBlob, place, signatures.tag, signatures);
  },

  /** By the tag; attestations are looked for in the same way. */
  async verify(
    place: Place,
    subject: Artifact,
    signatures: Artifact & { readonly tag: string },
  ): Promise<void> {
    await get(place, signatures.tag, signatures);
    for (const blob of signatures.blobs) await getBlob(place, blob, {});
    await isMissing(place, cosignTag(subject, 'att'));
  },

  /** By the referrers API, since version 3. */
  async verifyBundle(place: Place, subject: Artifact, bundle: Artifact): Promise<void> {
    const path = `referrers/${subject.digest}`;
    const { headers, body } = await expect(200, place, 'GET', path, { Accept: ociIndex });
    assert.equal(headers.get('content-type'), ociIndex);
    assert.ok(body.includes(bundle.digest));
    await get(place, bundle.digest, bundle);
    for (const blob of bundle.blobs) await getBlob(place, blob, {});
  },
};

/** What clients read off a HEAD, and believe. */
async function resolve(
  place: Place,
  reference: string,
  { digest, mediaType, manifest }: Artifact,
  accept: string,
): Promise<void> {
  const { headers } = await expect(200, place, 'HEAD', `manifests/${reference}`, {
    Accept: accept,
  });
  assert.equal(headers.get('docker-content-digest'), digest);
  assert.equal(headers.get('content-type'), mediaType);
  assert.equal(headers.get('content-length'), String(manifest.byteLength));
}

async function get(place: Place, reference: string, expected: Artifact): Promise<void> {
  const accept = { Accept: GGCR_ACCEPT };
  const { headers, body } = await expect(200, place, 'GET', `manifests/${reference}`, accept);
  assert.deepEqual(body, expected.manifest);
  assert.equal(headers.get('docker-content-digest'), expected.digest);
  assert.equal(headers.get('content-type'), expected.mediaType);
}

/** Anything but a 404 with this code is a failure to cosign, not "no signatures". */
async function isMissing(place: Place, tag: string): Promise<void> {
  const accept = { Accept: GGCR_ACCEPT };
  const { body } = await expect(404, place, 'GET', `manifests/${tag}`, accept);
  assert.match(body.toString(), /"code":"MANIFEST_UNKNOWN"/);
}

async function getBlob(place: Place, blob: Buffer, headers: Record<string, string>): Promise<void> {
  const got = await expect(200, place, 'GET', `blobs/${digestOf(blob)}`, headers);
  assert.deepEqual(got.body, blob);
  assert.equal(got.headers.get('content-length'), String(blob.byteLength));
}
