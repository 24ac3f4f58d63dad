/** What every blob store promises to those who read a blob while it is written. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import {
  type BlobWriter,
  DigestMismatchError,
  WITHHELD,
  WriterSuspendedError,
} from '../../src/store/blob-store.ts';
import { chunksOf, collect, contentOf, Feed, StepReader } from './bytes.ts';
import type { OpenBlobStore } from './open-stores.ts';

const CONTENT = contentOf(3_000_001, 'followed');
const DIGEST = digestOf(CONTENT);
const SIZE = CONTENT.length;
const WRONG = digestOf(Buffer.from('something else'));

/** Appends part of the content. */
async function write(writer: BlobWriter, start: number, end = SIZE): Promise<void> {
  await writer.append(chunksOf(CONTENT.subarray(start, end)));
}

export function blobFollowContract(name: string, openStore: OpenBlobStore): void {
  describe(`${name}: following`, () => {
    it('gives bytes while they arrive, and the rest with the commit', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      const reader = new StepReader(writer.follow({ start: 0 }));
      const feed = new Feed();
      const appending = writer.append(feed);
      // Not from `writer.size` on: a follower may have bytes before they are written.
      let given = 0;
      for (const end of [1_000_000, 2_000_000, SIZE]) {
        feed.give(CONTENT.subarray(given, end));
        given = end;
        assert.ok(await reader.readTo(end - WITHHELD), `${end}`);
      }
      feed.end();
      await appending;
      await writer.commit({ digest: DIGEST });
      assert.ok(CONTENT.equals(await reader.readAll()));
    });

    it('gives a follower all that is written where the size is known to be larger', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      const reader = new StepReader(writer.follow({ start: 0 }));
      await write(writer, 0, 10);
      writer.expectSize(SIZE);
      assert.ok(await reader.readTo(10));
      await write(writer, 10, 100_000);
      assert.ok(await reader.readTo(100_000));
      await write(writer, 100_000);
      assert.ok(await reader.readTo(SIZE - WITHHELD));
      const rest = reader.readAll();
      await writer.commit({ digest: DIGEST });
      assert.ok(CONTENT.equals(await rest));
    });

    for (const told of [true, false]) {
      it(`withholds the end of a wrong blob whose size was ${told ? '' : 'not '}told`, async (t) => {
        const writer = await (await openStore(t)).create('fill-1');
        if (told) writer.expectSize(SIZE);
        const reader = new StepReader(writer.follow({ start: 0 }));
        const reading = reader.readAll();
        await write(writer, 0);
        await assert.rejects(writer.commit({ digest: WRONG }), DigestMismatchError);
        const reason = new Error('wrong bytes');
        const rejected = assert.rejects(reading, reason);
        await writer.abort(reason);
        await rejected;
        assert.ok(reader.got.length <= SIZE - WITHHELD);
      });
    }

    it('gives nothing of a blob within the withheld size before it is verified', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      const content = CONTENT.subarray(0, WITHHELD);
      writer.expectSize(content.length);
      const reader = new StepReader(writer.follow({ start: 0 }));
      const reading = reader.readAll();
      await writer.append(chunksOf(content));
      await assert.rejects(writer.commit({ digest: DIGEST }), DigestMismatchError);
      assert.equal(reader.got.length, 0);
      await writer.commit({ digest: digestOf(content) });
      assert.ok(content.equals(await reading));
    });

    it('follows any span, and ends it with its last byte', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      writer.expectSize(SIZE);
      const spans = [
        { start: 0, end: 1 },
        { start: 999_999, end: 2_000_001 },
        { start: 5, end: 5 },
      ];
      const early = Promise.all(spans.map((span) => collect(writer.follow(span))));
      await write(writer, 0);
      // No commit yet: the ends are well before the part that is withheld.
      const late = await Promise.all(spans.map((span) => collect(writer.follow(span))));
      for (const [index, part] of [...(await early), ...late].entries()) {
        const { start, end } = spans[index % spans.length] ?? { start: 0, end: 0 };
        assert.ok(CONTENT.subarray(start, end).equals(part));
      }
    });

    it('gives the last bytes only with the commit, also to a span of them', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      const tails = [
        { start: SIZE - 10 },
        { start: SIZE - 10, end: SIZE },
        { start: SIZE - 10, end: SIZE + 5 },
        { start: SIZE },
      ];
      const readers = tails.map((span) => new StepReader(writer.follow(span)));
      const reading = Promise.all(readers.map((reader) => reader.readAll()));
      await write(writer, 0);
      assert.ok(readers.every((reader) => reader.got.length === 0));
      await writer.commit({ digest: DIGEST });
      const [first, ...more] = await reading;
      assert.deepEqual(first, CONTENT.subarray(SIZE - 10));
      assert.deepEqual(
        more.map((part) => part.length),
        [10, 10, 0],
      );
    });

    it('serves many followers, each from its own place and at its own speed', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      const starts = Array.from({ length: 20 }, (_, index) => index * 140_000);
      const reading = Promise.all(
        starts.map(async (start, index) => {
          const parts: Buffer[] = [];
          for await (const chunk of writer.follow({ start })) {
            // The later ones let more turns of the loop go by at each chunk.
            for (let turn = 0; turn < index; turn += 1) await new Promise(setImmediate);
            parts.push(Buffer.from(chunk));
          }
          return Buffer.concat(parts);
        }),
      );
      await write(writer, 0);
      await writer.commit({ digest: DIGEST });
      for (const [index, part] of (await reading).entries()) {
        assert.ok(CONTENT.subarray(starts[index]).equals(part), `follower ${index}`);
      }
    });

    it('is not held up by a follower that reads nothing', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      const slow = new StepReader(writer.follow({ start: 0 }));
      await write(writer, 0, 1_000_000);
      await slow.readTo(1);
      await write(writer, 1_000_000);
      await writer.commit({ digest: DIGEST });
      assert.ok(CONTENT.equals(await slow.readAll()));
    });

    it('serves a follower that comes after the commit', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      const asked = writer.follow({ start: 5 });
      await write(writer, 0);
      await writer.commit({ digest: DIGEST });
      assert.ok(CONTENT.subarray(5).equals(await collect(asked)));
      assert.ok(CONTENT.subarray(7).equals(await collect(writer.follow({ start: 7 }))));
      assert.equal((await collect(writer.follow({ start: 7, end: 9 }))).length, 2);
    });

    it('lets a follower finish a blob that was deleted meanwhile', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      const reader = new StepReader(writer.follow({ start: 0 }));
      await write(writer, 0);
      await reader.readTo(1);
      await writer.commit({ digest: DIGEST });
      await store.delete(DIGEST);
      assert.ok(CONTENT.equals(await reader.readAll()));
    });

    it('goes on when a follower leaves, even one that is waiting', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      const staying = new StepReader(writer.follow({ start: 0 }));
      const early = new StepReader(writer.follow({ start: 0 }));
      const waiting = new StepReader(writer.follow({ start: SIZE - 1 }));
      const never = new StepReader(writer.follow({ start: 0 }));
      await write(writer, 0, 1_000_000);
      await early.readTo(1);
      await early.leave();
      const ended = waiting.readAll();
      await waiting.leave();
      assert.equal((await ended).length, 0);
      await never.leave();
      assert.equal((await never.readAll()).length, 0);
      await write(writer, 1_000_000);
      await writer.commit({ digest: DIGEST });
      assert.ok(CONTENT.equals(await staying.readAll()));
    });

    it('tells every follower why the write ended: waiting, in the middle, and late ones', async (t) => {
      const writer = await (await openStore(t)).create('fill-1');
      await write(writer, 0);
      const middle = new StepReader(writer.follow({ start: 0 }));
      await middle.readTo(1);
      const waiting = collect(writer.follow({ start: SIZE }));
      const unstarted = writer.follow({ start: 0 });
      const reason = new Error('upstream is gone');
      const rejected = assert.rejects(waiting, reason);
      await writer.abort(reason);
      await rejected;
      await assert.rejects(middle.readAll(), reason);
      await assert.rejects(collect(unstarted), reason);
      await assert.rejects(collect(writer.follow({ start: 0, end: 1 })), reason);
    });

    it('tells followers of a suspended write what it was suspended for', async (t) => {
      const store = await openStore(t);
      const reason = new Error('no upstream left');
      for (const given of [undefined, reason]) {
        const writer = await store.create('fill-1');
        await write(writer, 0, 100_000);
        const following = collect(writer.follow({ start: 0 }));
        const rejected = assert.rejects(following, given ?? WriterSuspendedError);
        await writer.suspend(given);
        await rejected;
      }
    });

    it('follows a resumed write from its first byte', async (t) => {
      const store = await openStore(t);
      const first = await store.create('fill-1');
      await write(first, 0, 2_000_000);
      await first.suspend();
      const writer = await store.resume('fill-1');
      assert.ok(writer);
      const reading = collect(writer.follow({ start: 0 }));
      await write(writer, 2_000_000);
      await writer.commit({ digest: DIGEST });
      assert.ok(CONTENT.equals(await reading));
    });

    it('refuses to truncate under a follower, and does so when it has left', async (t) => {
      const writer = await (await openStore(t)).create('upload-1');
      await write(writer, 0);
      const reader = new StepReader(writer.follow({ start: 0 }));
      await reader.readTo(1);
      await assert.rejects(writer.truncate(0), /followed/);
      await reader.leave();
      await writer.truncate(0);
      assert.equal(writer.size, 0);
    });
  });
}
