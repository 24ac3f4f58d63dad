import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Tally } from './tally.ts';

/** What one request was and what became of it. */
export interface RequestMetric {
  /** One of a few fixed words, such as `manifest` or `blob`. */
  readonly operation: string;
  /** How a content answer came about (`hit`, `miss`, `collapsed`, …), else undefined. */
  readonly outcome: string | undefined;
  readonly status: number;
  readonly sentBytes: number;
  readonly durationMs: number;
}

/** One answer of an upstream, or the lack of one. */
export interface UpstreamMetric {
  readonly upstream: string;
  /** What was asked for: `manifest`, `blob`, `token`, … */
  readonly kind: string;
  /** undefined: no answer (refused, timeout). */
  readonly status: number | undefined;
}

export interface RateLimitMetric {
  readonly upstream: string;
  readonly limit: number;
  readonly remaining: number;
}

/** What is asked for when somebody looks, rather than counted along the way. */
export interface MetricSources {
  stored(): Promise<{
    readonly bytes: number;
    readonly mirroredBytes: number;
    readonly blobs: number;
    readonly manifests: number;
  }>;
  fillsRunning(): number;
}

/** From a warm manifest (a millisecond) to a large cold layer (minutes); few, as each costs a series per operation. */
const DURATION_BUCKETS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300];

/**
 * Everything that `/metrics` tells, on a registry of its own. A count costs a fraction of a microsecond; labels hold
 * configured names and fixed words only, never what a client sent, so that the number of series has a bound.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: MetricSources;
  readonly #requests = new Tally(
    this.#counter('requests_total', 'Requests answered.', ['operation', 'outcome']),
  );
  readonly #servedBytes = new Tally(
    this.#counter(
      'served_bytes_total',
      'Body bytes sent: from the store, from an upstream, or shared from a fetch for another client.',
      ['source'],
    ),
  );
  readonly #fetchedBytes = this.#counter(
    'fetched_bytes_total',
    'Body bytes received from upstreams.',
    ['upstream'],
  );
  readonly #upstreamRequests = this.#counter(
    'upstream_requests_total',
    'Requests sent to upstreams, by the status of the answer or "none".',
    ['upstream', 'kind', 'status'],
  );
  readonly #rateLimit = this.#gauge(
    'upstream_ratelimit_limit',
    'Pulls that the upstream allows per window, as it said last.',
    ['upstream'],
  );
  readonly #rateLimitRemaining = this.#gauge(
    'upstream_ratelimit_remaining',
    'Pulls that the upstream still allows in this window, as it said last.',
    ['upstream'],
  );
  readonly #breakerOpen = this.#gauge(
    'upstream_breaker_open',
    '1 while the upstream is not asked because it keeps failing.',
    ['upstream'],
  );
  readonly #failedLogins = this.#counter(
    'failed_logins_total',
    'Logins with a wrong password, or refused because there were too many of those.',
    ['reason'],
  );
  readonly #storedBytes = this.#gauge('stored_bytes', 'Bytes of blobs and manifests kept.');
  readonly #mirroredBytes = this.#gauge(
    'mirrored_bytes',
    'Bytes of mirrored blobs kept, which storage.maxSize limits.',
  );
  readonly #storedBlobs = this.#gauge('stored_blobs', 'Blobs kept.');
  readonly #storedManifests = this.#gauge('stored_manifests', 'Manifests kept.');
  readonly #fillsRunning = this.#gauge(
    'fills_running',
    'Upstream bodies being written to the store.',
  );
  readonly #evictedBytes = this.#counter('evicted_bytes_total', 'Mirrored bytes evicted.', []);
  readonly #evictedBlobs = this.#counter('evicted_blobs_total', 'Mirrored blobs evicted.', []);
  readonly #evictedManifests = this.#counter(
    'evicted_manifests_total',
    'Mirrored manifests evicted.',
    [],
  );
  readonly #shortfall = this.#gauge(
    'eviction_shortfall_bytes',
    'Bytes above storage.maxSize or below storage.minFree that eviction could not free.',
  );
  readonly #collectedBytes = this.#counter(
    'collected_bytes_total',
    'Bytes of hosted blobs that nobody referred to.',
    [],
  );
  readonly #damaged = this.#counter('damaged_blobs_total', 'Blobs found damaged.', ['kind']);
  readonly #warmed = this.#counter(
    'warm_images_total',
    'Images of warm lists: held whole now, postponed (too young, pull limit nearly used up), or failed.',
    ['result'],
  );
  readonly #duration = new Histogram({
    name: 'holdfast_request_duration_seconds',
    help: 'From the headers of a request to the end of its answer.',
    labelNames: ['operation'],
    buckets: DURATION_BUCKETS,
    registers: [this.#registry],
  });

  constructor(sources: MetricSources, upstreams: readonly string[]) {
    this.#sources = sources;
    collectDefaultMetrics({ register: this.#registry });
    // Known from the start, so that a rate or an alert over them needs no first failure.
    for (const upstream of upstreams) {
      this.#breakerOpen.set({ upstream }, 0);
      this.#fetchedBytes.inc({ upstream }, 0);
    }
    for (const kind of ['hosted', 'mirrored']) this.#damaged.inc({ kind }, 0);
    this.warmed({ held: 0, postponed: 0, failed: 0 });
    for (const reason of ['wrong', 'slowed']) this.#failedLogins.inc({ reason }, 0);
    for (const source of ['store', 'upstream', 'shared']) {
      this.#servedBytes.add(source, { source }, 0);
    }
  }

  request({ operation, outcome, status, sentBytes, durationMs }: RequestMetric): void {
    const label = outcomeLabel(outcome, status);
    this.#requests.add(`${operation} ${label}`, { operation, outcome: label });
    this.#duration.observe({ operation }, durationMs / 1000);
    const source = sourceOf(outcome);
    if (sentBytes > 0) this.#servedBytes.add(source, { source }, sentBytes);
  }

  upstreamAnswer({ upstream, kind, status }: UpstreamMetric): void {
    this.#upstreamRequests.inc({ upstream, kind, status: status ?? 'none' });
  }

  fetched(upstream: string, bytes: number): void {
    this.#fetchedBytes.inc({ upstream }, bytes);
  }

  rateLimit({ upstream, limit, remaining }: RateLimitMetric): void {
    this.#rateLimit.set({ upstream }, limit);
    this.#rateLimitRemaining.set({ upstream }, remaining);
  }

  breaker(upstream: string, open: boolean): void {
    this.#breakerOpen.set({ upstream }, open ? 1 : 0);
  }

  evicted(run: {
    readonly manifests: number;
    readonly blobs: number;
    readonly bytes: number;
    readonly shortfall: number;
  }): void {
    this.#evictedManifests.inc(run.manifests);
    this.#evictedBlobs.inc(run.blobs);
    this.#evictedBytes.inc(run.bytes);
    this.#shortfall.set(run.shortfall);
  }

  collected({ bytes }: { readonly bytes: number }): void {
    this.#collectedBytes.inc(bytes);
  }

  warmed(images: Readonly<Record<'held' | 'postponed' | 'failed', number>>): void {
    for (const [result, count] of Object.entries(images)) this.#warmed.inc({ result }, count);
  }

  damaged(kind: 'hosted' | 'mirrored'): void {
    this.#damaged.inc({ kind });
  }

  loginFailed(reason: 'wrong' | 'slowed'): void {
    this.#failedLogins.inc({ reason });
  }

  /**
   * The Prometheus text format, without the series of upstreams that are not shown. Rejects where a source does: a number that is
   * not known is not zero.
   */
  async render(
    isShown: (upstream: string) => boolean,
  ): Promise<{ readonly contentType: string; readonly body: string }> {
    const { bytes, mirroredBytes, blobs, manifests } = await this.#sources.stored();
    this.#storedBytes.set(bytes);
    this.#mirroredBytes.set(mirroredBytes);
    this.#storedBlobs.set(blobs);
    this.#storedManifests.set(manifests);
    this.#fillsRunning.set(this.#sources.fillsRunning());
    this.#requests.pour();
    this.#servedBytes.pour();
    const lines = (await this.#registry.metrics()).split('\n').filter((line) => {
      const upstream = UPSTREAM_LABEL.exec(line)?.[1];
      return upstream === undefined || isShown(upstream);
    });
    return { contentType: this.#registry.contentType, body: lines.join('\n') };
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `holdfast_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> {
    return new Gauge({ name: `holdfast_${name}`, help, labelNames, registers: [this.#registry] });
  }
}

/** No other label has text of somebody's, and the names of upstreams have nothing to be escaped. */
const UPSTREAM_LABEL = /[{,]upstream="([^"]*)"/;

/** A failure counts as what the client was told; `ok` is a success that is no content answer. */
function outcomeLabel(outcome: string | undefined, status: number): string {
  if (status >= 500) return 'server-error';
  if (status === 404) return 'not-found';
  if (status === 429) return 'rate-limited';
  if (status === 401 || status === 403) return 'denied';
  if (status >= 400) return 'client-error';
  return outcome ?? 'ok';
}

/** Where the bytes of an answer came from. */
function sourceOf(outcome: string | undefined): 'store' | 'upstream' | 'shared' {
  if (outcome === 'collapsed') return 'shared';
  return outcome === 'miss' || outcome === 'updated' ? 'upstream' : 'store';
}
