/** Artifacts that are no images, as oras, helm, notation and cosign make them. */
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import type { FakeUpstream } from './fake-upstream.ts';
import { madeUpBytes } from './fake-upstream-content.ts';

export interface Artifact {
  readonly manifest: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
  /** Each once, the config first. */
  readonly blobs: readonly Buffer[];
}

/** image-spec, "Guidance for an Empty Descriptor": the two bytes that stand for nothing. */
const EMPTY = Buffer.from('{}');
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';

interface Part {
  readonly content: Buffer;
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Parts {
  readonly config?: Part;
  readonly layers: readonly Part[];
  readonly artifactType?: string;
  readonly subject?: Artifact;
  readonly annotations?: Readonly<Record<string, string>>;
}

function describe({ content, mediaType, annotations }: Part): object {
  const size = content.byteLength;
  return { mediaType, digest: digestOf(content), size, ...(annotations && { annotations }) };
}

function artifact({ config, layers, subject, ...rest }: Parts): Artifact {
  const empty = { ...describe({ content: EMPTY, mediaType: EMPTY_TYPE }), data: 'e30=' };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      ...rest,
      config: config ? describe(config) : empty,
      layers: layers.map(describe),
      ...(subject && {
        subject: describe({ content: subject.manifest, mediaType: subject.mediaType }),
      }),
    }),
  );
  const all = [config?.content ?? EMPTY, ...layers.map(({ content }) => content)];
  const blobs = [...new Map(all.map((blob) => [digestOf(blob), blob])).values()];
  return { manifest, mediaType: MediaType.ociManifest, digest: digestOf(manifest), blobs };
}

/** `helm push app-1.2.3+build.tgz`: with its provenance; the plus of a version is `_` in a tag. */
export function helmChart(seed: string): Artifact & { readonly tag: string } {
  const made = artifact({
    config: {
      content: Buffer.from(
        JSON.stringify({ name: 'app', version: '1.2.3+build', apiVersion: 'v2', seed }),
      ),
      mediaType: 'application/vnd.cncf.helm.config.v1+json',
    },
    layers: [
      {
        content: madeUpBytes(`chart ${seed}`, 20_000),
        mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
      },
      {
        content: Buffer.from(`-----BEGIN PGP SIGNED MESSAGE-----\n${seed}\n`),
        mediaType: 'application/vnd.cncf.helm.chart.provenance.v1.prov',
      },
    ],
    annotations: { 'org.opencontainers.image.title': 'app' },
  });
  return { ...made, tag: '1.2.3_build' };
}

/** `oras push --artifact-type application/vnd.acme.rocket rocket.txt docs.md`: an empty config. */
export function orasFiles(seed: string): Artifact {
  const title = 'org.opencontainers.image.title';
  return artifact({
    artifactType: 'application/vnd.acme.rocket',
    layers: [
      {
        content: madeUpBytes(`rocket ${seed}`, 9_000),
        mediaType: 'text/plain',
        annotations: { [title]: 'rocket.txt' },
      },
      {
        content: Buffer.from(`# ${seed}\n`),
        mediaType: 'text/markdown',
        annotations: { [title]: 'docs.md' },
      },
    ],
    annotations: { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' },
  });
}

/** `oras attach --artifact-type application/vnd.acme.state` without a file: the empty blob is the layer, too. */
export function orasNothing(subject: Artifact, state: string): Artifact {
  return artifact({
    artifactType: 'application/vnd.acme.state',
    layers: [{ content: EMPTY, mediaType: EMPTY_TYPE }],
    annotations: { 'com.acme.state': state },
    subject,
  });
}

/** `oras attach --artifact-type application/spdx+json`. */
export function attachedSbom(subject: Artifact): Artifact {
  return artifact({
    artifactType: 'application/spdx+json',
    layers: [{ content: madeUpBytes('sbom', 30_000), mediaType: 'application/spdx+json' }],
    subject,
  });
}

/** `notation sign`: its type is that of the config, there is no `artifactType`. */
export function notationSignature(subject: Artifact): Artifact {
  return artifact({
    config: { content: EMPTY, mediaType: 'application/vnd.cncf.notary.signature' },
    layers: [{ content: madeUpBytes('jws', 2_000), mediaType: 'application/jose+json' }],
    annotations: { 'io.cncf.notary.x509chain.thumbprint#S256': '["0123"]' },
    subject,
  });
}

/** `cosign sign` since version 3: a bundle that refers to the image. */
export function sigstoreBundle(subject: Artifact): Artifact {
  const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  return artifact({
    artifactType: mediaType,
    layers: [{ content: Buffer.from('{"mediaType":"bundle"}'), mediaType }],
    annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope' },
    subject,
  });
}

/** `cosign sign` before, with its tag: another signature is another layer of the same image. */
export function cosignSignatures(
  subject: Artifact,
  count: number,
): Artifact & { readonly tag: string } {
  const made = artifact({
    config: {
      content: Buffer.from(
        JSON.stringify({ architecture: '', os: '', rootfs: { type: 'layers' }, count }),
      ),
      mediaType: 'application/vnd.oci.image.config.v1+json',
    },
    layers: Array.from({ length: count }, (_, at) => ({
      content: Buffer.from(JSON.stringify({ critical: { image: subject.digest }, optional: at })),
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      annotations: { 'dev.cosignproject.cosign/signature': `MEUC${at}` },
    })),
  });
  return { ...made, tag: cosignTag(subject, 'sig') };
}

export function cosignTag({ digest }: Artifact, extension: 'sig' | 'att' | 'sbom'): string {
  return `${digest.replace(':', '-')}.${extension}`;
}

/** Puts it into a registry that is mirrored. */
export function addArtifact(
  upstream: FakeUpstream,
  repository: string,
  tag: string | undefined,
  { manifest, mediaType, blobs }: Artifact,
): void {
  for (const blob of blobs) upstream.addBlob(blob, repository);
  upstream.addManifest(repository, tag, manifest, mediaType);
}
