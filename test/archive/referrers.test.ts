/** Signatures and the like in an archive: given to what they speak of, never taken for images. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchivedImage } from '../../src/archive/image.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { describe, layoutOf, makeImage, MANIFEST_TYPE, manifestOf } from './make-image.ts';
import { makeTar, type Member } from './make-tar.ts';
import { readAll, WAYS } from './read-archive.ts';

const EMPTY = Buffer.from('{}');
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';

/** What `oras attach` makes; each `seed` another one. */
function artifact(
  seed: string,
  subject?: Buffer,
): { readonly manifest: Buffer; readonly blob: Buffer } {
  const blob = Buffer.from(`about ${seed}`);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      artifactType: 'application/spdx+json',
      config: { ...describe(EMPTY, EMPTY_TYPE), data: 'e30=' },
      layers: [describe(blob, 'application/spdx+json')],
      ...(subject && { subject: describe(subject, MANIFEST_TYPE) }),
    }),
  );
  return { manifest, blob };
}

const image = makeImage('app');
const app = manifestOf(image);
const sbom = artifact('app', app);
const signature = artifact('the sbom', sbom.manifest);
const untold = artifact('cosign');
const cosign = `${digestOf(app).replace(':', '-')}.sig`;
const stranger = artifact('something else', Buffer.from('not here'));

function member(content: Buffer): Member {
  return { name: `blobs/sha256/${digestOf(content).slice(7)}`, content };
}

const CONTENT = [
  image.config,
  ...image.layers,
  app,
  EMPTY,
  ...[sbom, signature, untold, stranger].flatMap(({ manifest, blob }) => [manifest, blob]),
].map(member);

function told({ names, root, referrers }: ArchivedImage) {
  return {
    names,
    digest: root.digest,
    referrers: referrers.map((one) => [one.root.digest, ...one.tags]),
  };
}

for (const way of WAYS) {
  test(`what index.json lists without a name, as oras writes it (${way})`, async () => {
    const tar = makeTar([
      ...CONTENT,
      ...layoutOf([
        { manifest: signature.manifest },
        { manifest: app, ref: 'example.com/app:1' },
        { manifest: sbom.manifest },
        { manifest: untold.manifest, ref: cosign },
      ]),
    ]);
    const { images } = await readAll(tar, way);
    assert.deepEqual(images.map(told), [
      {
        names: ['example.com/app:1'],
        digest: digestOf(app),
        referrers: [
          [digestOf(sbom.manifest)],
          [digestOf(untold.manifest), cosign],
          [digestOf(signature.manifest)],
        ],
      },
    ]);
  });

  test(`what refers to nothing that is there stays an image, and what has a name is one (${way})`, async () => {
    const tar = makeTar([
      ...CONTENT,
      ...layoutOf([
        { manifest: app, ref: 'example.com/app:1' },
        { manifest: sbom.manifest, ref: 'example.com/app:sbom' },
        { manifest: stranger.manifest },
      ]),
    ]);
    const { images } = await readAll(tar, way);
    assert.deepEqual(images.map(told), [
      { names: ['example.com/app:1'], digest: digestOf(app), referrers: [] },
      { names: ['example.com/app:sbom'], digest: digestOf(sbom.manifest), referrers: [] },
      { names: [], digest: digestOf(stranger.manifest), referrers: [] },
    ]);
  });

  test(`a list of referrers that lacks one of them is refused (${way})`, async () => {
    const listed = describe(Buffer.from('nowhere'), MANIFEST_TYPE);
    const tar = makeTar([
      ...CONTENT,
      ...layoutOf([{ manifest: app, ref: '1' }]),
      { name: 'referrers.json', content: JSON.stringify({ manifests: [listed] }) },
    ]);
    await assert.rejects(readAll(tar, way), /the archive lacks sha256:/);
  });

  test(`a list of referrers that is no index is refused (${way})`, async () => {
    const tar = makeTar([
      ...CONTENT,
      ...layoutOf([{ manifest: app, ref: '1' }]),
      { name: 'referrers.json', content: '[]' },
    ]);
    await assert.rejects(readAll(tar, way), /"referrers.json" is not what it should be/);
  });
}
