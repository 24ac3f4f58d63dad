/** Appends to one write and says after each piece how far it is: `append.ts DIR SIZE PIECE`. */
import { DiskBlobStore } from '../../../src/store/disk/disk-blob-store.ts';
import { chunksOf, contentOf } from '../../contracts/bytes.ts';

const [dir = '', size = '', piece = ''] = process.argv.slice(2);

async function main(): Promise<void> {
  const content = contentOf(Number(size));
  const store = await DiskBlobStore.open({ dir });
  const writer = await store.create('fill-1');
  try {
    for (let at = 0; at < content.length; at += Number(piece)) {
      await writer.append(chunksOf(content.subarray(at, at + Number(piece))));
      console.log(writer.size);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    console.log(JSON.stringify({ name: (error as Error).name, code, size: writer.size }));
  }
}

main();
