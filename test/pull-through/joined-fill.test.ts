import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import { Breaker } from '../../src/pull-through/breaker.ts';
import { GuardedUpstream } from '../../src/pull-through/guarded-upstream.ts';
import { PullThrough } from '../../src/pull-through/pull-through.ts';
import { RateBudget } from '../../src/pull-through/rate-budget.ts';
import { RecentUses } from '../../src/pull-through/recent-uses.ts';
import { type Bytes, StoreFullError } from '../../src/store/blob-store.ts';
import { DamagedBlobs } from '../../src/store/damaged-blobs.ts';
import { DigestLocks } from '../../src/store/digest-locks.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { MemoryMetadataStore } from '../../src/store/memory/memory-metadata-store.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Gate } from '../helpers/gate.ts';
import { startUpstream } from '../helpers/mirror.ts';
import { makeUpstream } from '../upstream/make-upstream.ts';
import { ignore, SILENT_EVENTS } from '../helpers/silent-events.ts';

const clock = systemClock;
const LAYER = madeUpBytes('layer', 300_000);
const POLICY = {
  maxAge: 0,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  negativeMaxAge: 0,
  whenDeleted: 'not-found',
  minAge: 0,
  whenNew: 'refuse',
} as const;

/** A store whose disk is full after so many bytes, once the gate is open. */
function fullAfter(bytes: number, gate: Gate): MemoryBlobStore {
  const store = new MemoryBlobStore(clock);
  const create = store.create.bind(store);
  store.create = async (id) => {
    const writer = await create(id);
    const append = writer.append.bind(writer);
    writer.append = (source, signal) => append(cut(source), signal);
    return writer;
  };
  return store;

  async function* cut(source: Bytes): AsyncGenerator<Uint8Array> {
    let left = bytes;
    for await (const chunk of source) {
      yield chunk.subarray(0, left);
      left -= chunk.byteLength;
      if (left <= 0) break;
    }
    await gate.pass();
    throw new StoreFullError('the disk is full');
  }
}

/** An engine over these stores, in front of these upstreams. */
function startEngine(
  t: TestContext,
  blobs: MemoryBlobStore,
  upstreams: Readonly<Record<string, string>>,
): PullThrough {
  const mirrors = new Map(
    Object.entries(upstreams).map(([name, url]) => {
      const breaker = new Breaker({ upstream: name, clock, onChange: ignore });
      const upstream = new GuardedUpstream(makeUpstream(t, url, { name }), breaker);
      const rules = {
        private: false,
        negativeMaxAge: 0,
        connectionsPerBlob: 1,
        tagPolicy: () => POLICY,
      };
      return [name, { upstream, budget: new RateBudget(clock), ...rules }];
    }),
  );
  const metadata = new MemoryMetadataStore();
  const locks = new DigestLocks();
  const engine = new PullThrough({
    mirrors,
    metadata,
    blobs,
    locks,
    damaged: new DamagedBlobs({ metadata, blobs, locks, onDamage: ignore }),
    uses: new RecentUses(metadata, clock),
    clock,
    events: SILENT_EVENTS,
    prefetch: false,
  });
  t.after(() => engine.close());
  return engine;
}

test('a client that joined the fill of another upstream goes on from its own when the disk is full', async (t) => {
  const [one, two] = [await startUpstream(t), await startUpstream(t)];
  const digest = one.addBlob(LAYER, 'team/one');
  two.addBlob(LAYER, 'other/two');
  const upstreams = { 'one.example': one.url, 'two.example': two.url };
  const gate = new Gate();
  const engine = startEngine(t, fullAfter(100_000, gate), upstreams);

  const pull = (upstream: string, name: string) =>
    engine.blob({ kind: 'mirrored', upstream, name: name as RepositoryName }, digest);
  await pull('one.example', 'team/one');
  const joined = await pull('two.example', 'other/two');
  assert.ok(joined.state === 'arriving');
  gate.release();
  const chunks: Buffer[] = [];
  for await (const chunk of joined.open({ start: 0 })) chunks.push(Buffer.from(chunk));
  assert.ok(Buffer.concat(chunks).equals(LAYER));
  assert.equal(one.count('GET', /team\/one/), 1);
  assert.equal(two.count('GET', /other\/two/), 1);
});

test('a HEAD that joined a fill which finds the disk full is answered as GET is, from upstream', async (t) => {
  const upstream = await startUpstream(t);
  const digest = upstream.addBlob(LAYER, 'team/one');
  const blobs = new MemoryBlobStore(clock);
  const gate = new Gate();
  blobs.create = async () => {
    await gate.pass();
    throw new StoreFullError('the disk is full');
  };
  const engine = startEngine(t, blobs, { 'one.example': upstream.url });
  const name = 'team/one' as RepositoryName;
  const repository = { kind: 'mirrored', upstream: 'one.example', name } as const;
  const pulled = engine.blob(repository, digest);
  await gate.reached;
  const head = engine.headBlob(repository, digest);
  // It has found the fill by then: nothing here waits for longer than a turn.
  await nextTurn();
  gate.release();
  assert.equal((await head).size, LAYER.byteLength);
  assert.equal((await pulled).state, 'arriving');
});
