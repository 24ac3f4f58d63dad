import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { RecentUses } from '../../src/pull-through/recent-uses.ts';
import { MemoryMetadataStore } from '../../src/store/memory/memory-metadata-store.ts';
import type { Use } from '../../src/store/upkeep-records.ts';

const clock = { now: () => 1_000 };

/** Uses, and the digests of those that are written down. */
function start() {
  const written: Digest[] = [];
  const metadata = new MemoryMetadataStore();
  metadata.recordUses = async (uses: readonly Use[]) => {
    written.push(...uses.map(({ digest }) => digest));
  };
  return { uses: new RecentUses(metadata, clock), written };
}

test('who has uses written down waits for those that somebody else has begun to write', async () => {
  const { uses, written } = start();
  for (let index = 0; index < 250; index += 1) uses.blob(digestOf(Buffer.from(`${index}`)));
  const first = uses.flush();
  await uses.flush();
  assert.equal(written.length, 250);
  await first;
});

test('nothing that is used comes between the last use that is written down and whoever waited for it', async () => {
  const { uses, written } = start();
  uses.blob(digestOf(Buffer.from('first')));
  const late = digestOf(Buffer.from('late'));
  setImmediate(() => uses.blob(late));
  await uses.flush();
  assert.equal(written.length, 1);
  await uses.flush();
  assert.equal(written.length, 1);
});
