import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Stage } from '../stage.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const BLOCK = 1024 * 1024;

export interface StaticBlob {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly path: string;
}

export interface StaticManifest {
  readonly path: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly content: Buffer;
}

/** A registry's content as files under their URLs, for any web server to serve. */
export class StaticRegistry {
  readonly root: string;
  readonly repository = 'bench/image';
  readonly manifests: StaticManifest[] = [];

  private constructor(root: string) {
    this.root = root;
  }

  static async open(stage: Stage): Promise<StaticRegistry> {
    return new StaticRegistry(await stage.directory('content'));
  }

  /** Where a manifest is, by tag or digest. */
  pathOf(reference: string): string {
    return `/v2/${this.repository}/manifests/${reference}`;
  }

  /** A blob of random bytes that differs from every other one. */
  async addBlob(size: number): Promise<StaticBlob> {
    const blocks = randomBlocks(size);
    const hash = createHash('sha256');
    for (const block of blocks()) hash.update(block);
    return this.#addBlob(`sha256:${hash.digest('hex')}`, size, blocks());
  }

  /** An image whose layers have these sizes in bytes, under a tag. */
  async addImage(tag: string, layerSizes: readonly number[]): Promise<readonly StaticBlob[]> {
    const layers: StaticBlob[] = [];
    for (const size of layerSizes) layers.push(await this.addBlob(size));
    const json = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', made: tag }));
    const config = await this.#addBlob(digestOf(json), json.length, [json]);
    const describe =
      (mediaType: string) =>
      ({ digest, size }: StaticBlob) => ({ mediaType, digest, size });
    const content = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: describe(CONFIG)(config),
        layers: layers.map(describe(LAYER)),
      }),
    );
    const digest = digestOf(content);
    for (const reference of [tag, digest]) {
      const path = this.pathOf(reference);
      await this.#write(path, [content]);
      this.manifests.push({ path, mediaType: MANIFEST, digest, content });
    }
    return [config, ...layers];
  }

  async #addBlob(digest: string, size: number, blocks: Iterable<Uint8Array>): Promise<StaticBlob> {
    const path = `/v2/${this.repository}/blobs/${digest}`;
    await this.#write(path, blocks);
    return { digest, size, path };
  }

  async #write(path: string, blocks: Iterable<Uint8Array>): Promise<void> {
    const file = join(this.root, path);
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, 'w');
    try {
      for (const block of blocks) await handle.write(block);
    } finally {
      await handle.close();
    }
  }
}

/** The same bytes each time it is called: one random block, numbered, over and over. */
export function randomBlocks(size: number): () => Generator<Uint8Array> {
  const random = randomBytes(Math.min(BLOCK, size));
  return function* blocks() {
    for (let at = 0; at < size; at += random.length) {
      const block = Buffer.from(random.subarray(0, Math.min(random.length, size - at)));
      if (block.length >= 8) block.writeBigUInt64LE(BigInt(at));
      yield block;
    }
  };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
