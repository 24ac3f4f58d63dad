/** Commits one blob after the other, saying each before and after: `commit.ts DIR SIZE`. */
import { digestOf } from '../../../src/oci/digest.ts';
import { DiskBlobStore } from '../../../src/store/disk/disk-blob-store.ts';
import { chunksOf, contentOf } from '../../contracts/bytes.ts';

const [dir = '', size = ''] = process.argv.slice(2);

async function main(): Promise<void> {
  const store = await DiskBlobStore.open({ dir });
  for (let count = 0; ; count += 1) {
    const content = contentOf(Number(size), `blob ${count}`);
    const digest = digestOf(content);
    const writer = await store.create(`upload-${count}`);
    await writer.append(chunksOf(content));
    console.log(`committing ${digest}`);
    await writer.commit({ digest, size: content.length });
    console.log(`committed ${digest}`);
  }
}

main();
