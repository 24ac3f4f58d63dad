import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { chunksOf, collect, contentOf } from '../contracts/bytes.ts';
import { Child } from './child.ts';
import { openDiskStore } from './open-disk-store.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('a process killed with SIGKILL', () => {
  it('leaves an append behind that is taken up again and becomes the right blob', async (t) => {
    const dir = await temporaryDirectory(t);
    const content = contentOf(40_000_000);
    const child = new Child(t, 'append.ts', [dir, String(content.length), '1000000']);
    let said = 0;
    while (said < 3_000_000) said = Number(await child.line());
    said = Number((await child.kill()).at(-1) ?? said);

    const store = await openDiskStore(t, dir);
    const writer = await store.resume('fill-1');
    assert.ok(writer);
    assert.ok(writer.size >= said && writer.size < content.length, `${writer.size} of ${said}`);
    const reading = collect(writer.follow({ start: 0 }));
    await writer.append(chunksOf(content.subarray(writer.size)));
    await writer.commit({ digest: digestOf(content), size: content.length });
    assert.ok(content.equals(await reading));
  });

  for (const round of [1, 5, 12, 30]) {
    it(`loses no acknowledged blob and shows no half one, at commit ${round}`, async (t) => {
      const dir = await temporaryDirectory(t);
      const child = new Child(t, 'commit.ts', [dir, '300000']);
      const lines: string[] = [];
      const begun = (): number => lines.filter((line) => line.startsWith('committing')).length;
      while (begun() < round) lines.push((await child.line()) ?? assert.fail('the child ended'));
      lines.push(...(await child.kill()));

      const store = await openDiskStore(t, dir);
      const held = new Map<string, number>();
      for await (const { digest, size } of store.list()) {
        assert.equal(digestOf(await collect(await store.open(digest))), digest);
        held.set(digest, size);
      }
      const acknowledged = lines.filter((line) => line.startsWith('committed '));
      for (const line of acknowledged) {
        assert.equal(held.get(line.slice('committed '.length)), 300_000);
      }
      // At most the one that was under way is there besides.
      assert.ok(held.size <= acknowledged.length + 1);
    });
  }
});
