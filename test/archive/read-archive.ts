/** Reads archives both ways, to the last byte of their blobs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Archive } from '../../src/archive/archive.ts';
import { type ArchivedImage, blobsOf } from '../../src/archive/image.ts';
import { openArchive } from '../../src/archive/open-archive.ts';
import { readImages } from '../../src/archive/read-images.ts';
import { readTarStream } from '../../src/archive/read-tar-stream.ts';
import { Spool } from '../../src/archive/spool.ts';
import { verifiedBytes } from '../../src/archive/verified-content.ts';

export const WAYS = ['file', 'stream'] as const;
export type Way = (typeof WAYS)[number];

/** Chunks as a pipe delivers them: of no size in particular. */
export async function* chunked(bytes: Buffer, size = 4_999): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

/** The images of an archive, all their blobs read and checked, and the blobs' bytes by digest. */
export async function readAll(
  tar: Buffer,
  way: Way,
): Promise<{ readonly images: readonly ArchivedImage[]; readonly blobs: Map<string, Buffer> }> {
  return await withArchive(tar, way, async (archive) => {
    const images = await readImages(archive);
    const blobs = new Map<string, Buffer>();
    for (const { root } of images) {
      for (const blob of blobsOf(root)) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of verifiedBytes(blob)) chunks.push(chunk);
        blobs.set(blob.digest, Buffer.concat(chunks));
      }
    }
    return { images, blobs };
  });
}

export async function withArchive<Result>(
  tar: Buffer,
  way: Way,
  use: (archive: Archive) => Promise<Result>,
): Promise<Result> {
  const spool = new Spool();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  try {
    const depotFor = (): Promise<Spool> => Promise.resolve(spool);
    if (way === 'stream') return await use(await readTarStream(chunked(tar), depotFor));
    const path = join(folder, 'archive');
    await writeFile(path, tar);
    const opened = await openArchive(path, depotFor);
    try {
      return await use(opened.archive);
    } finally {
      await opened.close();
    }
  } finally {
    await spool.close();
    await rm(folder, { recursive: true });
  }
}
