/** Whatever upstream and the configured time limits are: what a client waits for is over before 30 s. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import type { Tag } from '../../src/oci/reference.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import { Breaker } from '../../src/pull-through/breaker.ts';
import { GuardedUpstream } from '../../src/pull-through/guarded-upstream.ts';
import { PullThrough } from '../../src/pull-through/pull-through.ts';
import { RecentUses } from '../../src/pull-through/recent-uses.ts';
import { DamagedBlobs } from '../../src/store/damaged-blobs.ts';
import { DigestLocks } from '../../src/store/digest-locks.ts';
import { RateBudget } from '../../src/pull-through/rate-budget.ts';
import { Content } from '../../src/registry/content.ts';
import { Lists } from '../../src/registry/list.ts';
import { ManifestBytes } from '../../src/registry/manifest-bytes.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { MemoryMetadataStore } from '../../src/store/memory/memory-metadata-store.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { ignore, SILENT_EVENTS } from '../helpers/silent-events.ts';

const CONTAINERD_WAITS_S = 29;
const REPOSITORY = {
  kind: 'mirrored',
  upstream: 'slow.example',
  name: 'team/app' as RepositoryName,
} as const;
const TARGET = { kind: 'mirrored', repository: REPOSITORY } as const;
const TAG = { kind: 'tag', tag: '1' as Tag } as const;
const ALL = { artifactType: undefined, after: undefined, limit: 10 };
const CONTENT = Buffer.from('{}');
const DIGEST: Digest = digestOf(CONTENT);

const silence = (): Promise<never> => new Promise(() => undefined);

/** Takes every question and never answers, as one with no time limits of its own. */
function silentUpstream(): Upstream {
  return {
    name: REPOSITORY.upstream,
    headManifest: silence,
    manifest: silence,
    headBlob: silence,
    blob: silence,
    blobRange: silence,
    tags: silence,
    referrers: silence,
    close: () => Promise.resolve(),
  };
}

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = systemClock;
  const metadata = new MemoryMetadataStore();
  const blobs = new MemoryBlobStore(clock);
  const breaker = new Breaker({ upstream: REPOSITORY.upstream, clock, onChange: ignore });
  const policy = {
    maxAge: 0,
    staleWhileRevalidate: 0,
    staleIfError: Number.MAX_SAFE_INTEGER,
    negativeMaxAge: 0,
    whenDeleted: 'not-found',
    minAge: 0,
    whenNew: 'refuse',
  } as const;
  const mirror = {
    upstream: new GuardedUpstream(silentUpstream(), breaker),
    budget: new RateBudget(clock),
    private: false,
    connectionsPerBlob: 1,
    negativeMaxAge: 0,
    tagPolicy: () => policy,
  };
  const mirrors = new Map([[REPOSITORY.upstream, mirror]]);
  const locks = new DigestLocks();
  const damaged = new DamagedBlobs({ metadata, blobs, locks, onDamage: ignore });
  const uses = new RecentUses(metadata, clock);
  const pullThrough = new PullThrough({
    mirrors,
    metadata,
    blobs,
    locks,
    damaged,
    uses,
    clock,
    events: SILENT_EVENTS,
    prefetch: false,
  });
  const bytes = new ManifestBytes(metadata);
  const content = new Content({ metadata, blobs, pullThrough, bytes, damaged, uses, clock });
  /** Lets the time pass that containerd waits. */
  const afterTheWait = async <Value>(asked: Promise<Value>): Promise<Value> => {
    asked.catch(ignore);
    const stillWaiting = (async () => {
      for (let seconds = 0; seconds < CONTAINERD_WAITS_S; seconds++) {
        await turn();
        t.mock.timers.tick(1_000);
      }
      await turn();
      throw new Error('still waiting');
    })();
    return Promise.race([asked, stillWaiting]);
  };
  return { metadata, content, lists: new Lists(metadata, pullThrough), afterTheWait };
}

type Parts = ReturnType<typeof setUp>;

const QUESTIONS: readonly [what: string, ask: (parts: Parts) => Promise<unknown>][] = [
  ['a manifest', ({ content }) => content.manifest(TARGET, TAG)],
  ['the HEAD of a manifest', ({ content }) => content.headManifest(TARGET, TAG)],
  ['a blob', ({ content }) => content.blob(TARGET, DIGEST)],
  ['the HEAD of a blob', ({ content }) => content.headBlob(TARGET, DIGEST)],
  ['a list of tags', ({ lists }) => lists.tags(TARGET, {})],
  ['a list of referrers', ({ lists }) => lists.referrers(TARGET, DIGEST, ALL)],
];

for (const [what, ask] of QUESTIONS) {
  test(`${what} that never comes is a timeout before the client gives up`, async (t) => {
    const parts = setUp(t);
    await assert.rejects(parts.afterTheWait(ask(parts)), { kind: 'timeout' });
  });
}

test('a held tag whose revalidation never comes is served before the client gives up', async (t) => {
  const { metadata, content, afterTheWait } = setUp(t);
  await metadata.commitManifest({
    repository: REPOSITORY,
    digest: DIGEST,
    mediaType: MediaType.ociManifest,
    content: CONTENT,
    references: [],
    tags: [TAG.tag],
    at: 0,
  });
  const { manifest, outcome } = await afterTheWait(content.manifest(TARGET, TAG));
  assert.equal(manifest.digest, DIGEST);
  assert.equal(outcome.kind, 'stale-if-error');
});
