/** A small image, and the archives that tools make of it, in the shapes that docker, podman and skopeo were seen to write. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { makeTar, type Member } from './make-tar.ts';

export const NAME = 'example.com/team/app:1';

export interface Image {
  readonly config: Buffer;
  /** Uncompressed tars. */
  readonly layers: readonly Buffer[];
}

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const OCI = 'application/vnd.oci.image';
export const MANIFEST_TYPE = `${OCI}.manifest.v1+json`;
export const INDEX_TYPE = `${OCI}.index.v1+json`;

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export function describe(content: Buffer, mediaType: string): Blob {
  return { mediaType, digest: `sha256:${sha256(content)}`, size: content.byteLength };
}

/** Another seed is another image. `bytes`: of its one large file. */
export function makeImage(seed = 'app', { architecture = 'amd64', bytes = 20_000 } = {}): Image {
  const layers = [
    makeTar([{ name: 'bin/app', content: madeUpBytes(seed, bytes) }]),
    makeTar([{ name: 'etc/motd', content: `hello from ${seed}\n` }]),
  ];
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Cmd: ['/bin/app'] },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
      history: [{ created_by: 'COPY app' }, { created_by: 'COPY motd' }],
    }),
  );
  return { config, layers };
}

/** The manifest that Docker 25 and later make of it, byte for byte: of layers that are not compressed. */
export function manifestOf({ config, layers }: Image, kind: '' | '+gzip' = ''): Buffer {
  const stored = kind === '' ? layers : layers.map((layer) => gzipSync(layer));
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: describe(config, `${OCI}.config.v1+json`),
      layers: stored.map((layer) => describe(layer, `${OCI}.layer.v1.tar${kind}`)),
    }),
  );
}

function blob(content: Buffer): Member {
  return { name: `blobs/sha256/${sha256(content)}`, content };
}

function json(name: string, value: unknown): Member {
  return { name, content: JSON.stringify(value) };
}

/** docker save from 1.10 on: a folder for each layer, manifest.json, repositories. */
export function dockerSave(image: Image, names: readonly string[] = [NAME]): Member[] {
  const ids = image.layers.map((layer, at) => sha256(`${sha256(layer)} ${at}`));
  const config = `${sha256(image.config)}.json`;
  return [
    { name: config, content: image.config },
    ...image.layers.flatMap((layer, at): Member[] => [
      { name: ids[at] ?? '', folder: true },
      { name: `${ids[at]}/VERSION`, content: '1.0' },
      json(`${ids[at]}/json`, { id: ids[at] }),
      { name: `${ids[at]}/layer.tar`, content: layer },
    ]),
    json('manifest.json', [
      { Config: config, RepoTags: names, Layers: ids.map((id) => `${id}/layer.tar`) },
    ]),
    json('repositories', repositories(names, ids.at(-1) ?? '')),
  ];
}

/** docker save before 1.10: no manifest.json and no config. */
export function ancientSave(image: Image, names: readonly string[] = [NAME]): Member[] {
  const ids = image.layers.map((layer, at) => sha256(`${sha256(layer)} ${at}`));
  return [
    ...image.layers.flatMap((layer, at): Member[] => [
      { name: `${ids[at]}/VERSION`, content: '1.0' },
      json(`${ids[at]}/json`, {
        id: ids[at],
        ...(at > 0 && { parent: ids[at - 1] }),
        created: `2015-0${at + 1}-01T00:00:00Z`,
        container_config: { Cmd: ['/bin/sh', '-c', `#(nop) ADD ${at}`] },
        architecture: 'amd64',
        os: 'linux',
        config: { Cmd: ['/bin/app'] },
        Size: layer.byteLength,
      }),
      { name: `${ids[at]}/layer.tar`, content: layer },
    ]),
    json('repositories', repositories(names, ids.at(-1) ?? '')),
  ];
}

function repositories(names: readonly string[], id: string): Record<string, unknown> {
  return Object.fromEntries(
    names.map((name) => {
      const colon = name.lastIndexOf(':');
      return [name.slice(0, colon), { [name.slice(colon + 1)]: id }];
    }),
  );
}

/** skopeo's and podman's docker-archive: layers by digest, the old folders as links to them. */
export function skopeoDockerArchive(image: Image): Member[] {
  const files = image.layers.map((layer) => `${sha256(layer)}.tar`);
  const config = `${sha256(image.config)}.json`;
  return [
    ...image.layers.map((layer, at): Member => ({ name: files[at] ?? '', content: layer })),
    { name: config, content: image.config },
    ...files.map((file, at): Member => ({ name: `old${at}/layer.tar`, symlink: `../${file}` })),
    json('manifest.json', [
      { Config: config, RepoTags: [NAME], Layers: files.map((_, at) => `old${at}/layer.tar`) },
    ]),
  ];
}

/** Docker 25 and later: an OCI layout with a manifest.json beside it. */
export function dockerHybrid(image: Image): Member[] {
  const manifest = manifestOf(image);
  return [
    { name: 'blobs', folder: true },
    { name: 'blobs/sha256', folder: true },
    ...[...image.layers, image.config, manifest].map(blob),
    json('index.json', {
      schemaVersion: 2,
      mediaType: INDEX_TYPE,
      manifests: [
        {
          ...describe(manifest, MANIFEST_TYPE),
          annotations: {
            'io.containerd.image.name': NAME,
            'org.opencontainers.image.ref.name': '1',
          },
        },
      ],
    }),
    json('manifest.json', [
      {
        Config: `blobs/sha256/${sha256(image.config)}`,
        RepoTags: [NAME],
        Layers: image.layers.map((layer) => `blobs/sha256/${sha256(layer)}`),
      },
    ]),
    json('oci-layout', { imageLayoutVersion: '1.0.0' }),
  ];
}

/** skopeo's oci-archive: compressed layers, and a tag without a name. */
export function ociArchive(image: Image, ref: string | undefined = '1'): Member[] {
  const manifest = manifestOf(image, '+gzip');
  const content = [...image.layers.map((layer) => gzipSync(layer)), image.config, manifest];
  return [...content.map(blob), ...layoutOf([{ manifest, ref }])];
}

export interface LayoutEntry {
  readonly manifest: Buffer;
  readonly mediaType?: string;
  readonly ref?: string | undefined;
}

export function layoutOf(entries: readonly LayoutEntry[]): Member[] {
  return [
    json('index.json', {
      schemaVersion: 2,
      manifests: entries.map(({ manifest, mediaType = MANIFEST_TYPE, ref }) => ({
        ...describe(manifest, mediaType),
        ...(ref !== undefined && { annotations: { 'org.opencontainers.image.ref.name': ref } }),
      })),
    }),
    json('oci-layout', { imageLayoutVersion: '1.0.0' }),
  ];
}

/** Three platforms; those that are not in `held` are named by the index only, as Docker saves what it pulled in part. */
export function multiPlatform(held: readonly string[]): {
  readonly members: Member[];
  readonly index: Buffer;
  readonly manifests: Readonly<Record<string, Buffer>>;
} {
  const images = ['amd64', 'arm64', 'riscv64'].map((architecture) => {
    const image = makeImage(architecture, { architecture });
    return { architecture, image, manifest: manifestOf(image) };
  });
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: INDEX_TYPE,
      manifests: images.map(({ architecture, manifest }) => ({
        ...describe(manifest, MANIFEST_TYPE),
        platform: { architecture, os: 'linux' },
      })),
    }),
  );
  const here = images.filter(({ architecture }) => held.includes(architecture));
  const members = [
    blob(index),
    ...here.flatMap(({ image, manifest }) =>
      [...image.layers, image.config, manifest].map((content) => blob(content)),
    ),
    ...layoutOf([{ manifest: index, mediaType: INDEX_TYPE, ref: NAME }]),
  ];
  const manifests = Object.fromEntries(images.map((one) => [one.architecture, one.manifest]));
  return { members, index, manifests };
}
