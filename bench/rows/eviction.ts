import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection } from '../clients/raw-get.ts';
import { fillStore, type FilledStoreOptions, manifestDigest } from '../content/filled-store.ts';
import { type Measure, type Row } from '../row.ts';
import { startHoldfast } from '../servers/holdfast.ts';
import { Stage } from '../stage.ts';

const UPSTREAM = 'upstream.test';
const TAGS = 100;
const BLOBS = 10;
/** Bytes that the blobs are taken for that may have to go. Nothing else in the store has a size. */
const SIZE = 1000;
/** A tenth of what the store may hold goes at once, so these are the ten thousand of the first round ten times over. */
const TENTHS = 10;
/** Between two requests. */
const REST_MS = 2;
const IDLE_MS = 3000;
const POLL_MS = 100;
/** An eviction that takes longer has failed. */
const LONGEST_MS = 60_000;

export const eviction: Row = {
  name: 'eviction',
  title: 'Eviction of 10,000 of 1,000,000 blobs, while a client asks for a manifest every 2 ms',
  columns: [
    { key: 'longest', title: 'longest wait, ms', digits: 1 },
    { key: 'blobs', title: 'blobs evicted', digits: 0 },
    { key: 'seconds', title: 's', digits: 1 },
  ],
  goals: [
    {
      title: 'longest wait while evicting, ms',
      kind: 'at most',
      limit: 50,
      of: (round) => round.get('evicting')?.['longest'],
    },
  ],
  async prepare(stage) {
    const repositories = stage.options.quick ? 100 : 1000;
    const all = repositories * TAGS * BLOBS;
    const content: FilledStoreOptions = {
      repositories,
      tags: TAGS,
      blobs: BLOBS,
      upstream: UPSTREAM,
      oldest: { blobs: all / TENTHS, size: SIZE },
    };
    const storage = await stage.directory('storage');
    await fillStore(storage, content);
    // The one that was used last.
    const newest = manifestDigest(repositories * TAGS - 1, content);
    const path = `/v2/${UPSTREAM}/scale/r${repositories - 1}/manifests/${newest}`;
    let held = (all / TENTHS) * SIZE;
    return new Map<string, Measure>([
      [
        'evicting',
        async () => {
          // One byte too many is enough to begin with.
          const sample = await probe(stage, { storage, path, maxSize: held - 1 }, evicted);
          held -= sample.blobs * SIZE;
          return sample;
        },
      ],
      ['idle', () => probe(stage, { storage, path, maxSize: held }, () => sleep(IDLE_MS, 0))],
    ]);
  },
};

/** Asks for the path again and again until `work` is over, which resolves with how many blobs went. */
async function probe(
  stage: Stage,
  { storage, path, maxSize }: { storage: string; path: string; maxSize: number },
  work: (url: string) => Promise<number>,
) {
  const inner = await Stage.open(stage.options);
  try {
    // Nobody is there, and nobody has to be: a manifest is never asked for again by its digest.
    const upstream = 'http://127.0.0.1:9';
    const server = await startHoldfast(inner, { storage, upstream, maxSize });
    const connection = await RawConnection.open(server.port);
    inner.defer(async () => connection.close());
    const began = performance.now();
    const over = new AbortController();
    const working = work(server.url).finally(() => over.abort());
    // Its failure is told when it is waited for.
    working.catch(() => undefined);
    let longest = 0;
    while (!over.signal.aborted) {
      longest = Math.max(longest, (await connection.get(path)).totalMs);
      await sleep(REST_MS);
    }
    return { longest, blobs: await working, seconds: (performance.now() - began) / 1000 };
  } finally {
    await inner.close();
  }
}

/** Resolves when an eviction has ended, which is when the metrics tell of it. */
async function evicted(url: string): Promise<number> {
  for (const end = performance.now() + LONGEST_MS; performance.now() < end; await sleep(POLL_MS)) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const blobs = Number(/^holdfast_evicted_blobs_total (\d+)/m.exec(metrics)?.[1] ?? 0);
    if (blobs > 0) return blobs;
  }
  throw new Error('nothing was evicted');
}
