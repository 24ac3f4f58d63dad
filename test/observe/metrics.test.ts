import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics, type RequestMetric } from '../../src/observe/metrics.ts';

const stored = { bytes: 4096, mirroredBytes: 1024, blobs: 3, manifests: 2 };

function metrics(): Metrics {
  const sources = { stored: () => Promise.resolve(stored), fillsRunning: () => 7 };
  return new Metrics(sources, ['docker.io', 'ghcr.io']);
}

function request(changes: Partial<RequestMetric>): RequestMetric {
  return {
    operation: 'blob',
    outcome: undefined,
    status: 200,
    sentBytes: 0,
    durationMs: 1,
    ...changes,
  };
}

/** The samples of our own metrics, as Prometheus would read them. */
async function samples(from: Metrics): Promise<Map<string, number>> {
  const { body } = await from.render(() => true);
  const lines = body.split('\n').filter((line) => line.startsWith('holdfast_'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice('holdfast_'.length, end), Number(line.slice(end + 1))];
    }),
  );
}

test('requests count by operation and by how the answer came about', async () => {
  const counted = metrics();
  counted.request(request({ outcome: 'hit' }));
  counted.request(request({ outcome: 'hit' }));
  counted.request(request({ operation: 'manifest', outcome: 'stale-if-error' }));
  counted.request(request({ operation: 'upload', status: 201 }));
  const found = await samples(counted);
  assert.equal(found.get('requests_total{operation="blob",outcome="hit"}'), 2);
  assert.equal(found.get('requests_total{operation="manifest",outcome="stale-if-error"}'), 1);
  assert.equal(found.get('requests_total{operation="upload",outcome="ok"}'), 1);
});

test('a failure counts as what the client was told, not as its outcome', async () => {
  const counted = metrics();
  const told = {
    400: 'client-error',
    401: 'denied',
    403: 'denied',
    404: 'not-found',
    429: 'rate-limited',
    502: 'server-error',
  };
  for (const status of Object.keys(told))
    counted.request(request({ outcome: 'miss', status: Number(status) }));
  const found = await samples(counted);
  for (const [status, outcome] of Object.entries(told)) {
    const expected = outcome === 'denied' ? 2 : 1;
    assert.equal(
      found.get(`requests_total{operation="blob",outcome="${outcome}"}`),
      expected,
      status,
    );
  }
  assert.equal(found.get('requests_total{operation="blob",outcome="miss"}'), undefined);
});

test('served bytes count by where they came from', async () => {
  const counted = metrics();
  const outcomes = [
    'hit',
    undefined,
    'stale-if-error',
    'revalidated',
    'miss',
    'updated',
    'collapsed',
  ];
  for (const [index, outcome] of outcomes.entries())
    counted.request(request({ outcome, sentBytes: 10 ** index }));
  const found = await samples(counted);
  assert.equal(found.get('served_bytes_total{source="store"}'), 1111);
  assert.equal(found.get('served_bytes_total{source="upstream"}'), 110_000);
  assert.equal(found.get('served_bytes_total{source="shared"}'), 1_000_000);
});

test('durations are kept in seconds by operation', async () => {
  const counted = metrics();
  counted.request(request({ durationMs: 20 }));
  counted.request(request({ durationMs: 2000 }));
  const found = await samples(counted);
  assert.equal(found.get('request_duration_seconds_bucket{le="0.025",operation="blob"}'), 1);
  assert.equal(found.get('request_duration_seconds_bucket{le="2.5",operation="blob"}'), 2);
  assert.equal(found.get('request_duration_seconds_sum{operation="blob"}'), 2.02);
});

test('upstreams have their traffic, their rate limit and their breaker', async () => {
  const counted = metrics();
  counted.upstreamAnswer({ upstream: 'docker.io', kind: 'blob', status: 206 });
  counted.upstreamAnswer({ upstream: 'docker.io', kind: 'blob', status: undefined });
  counted.fetched('docker.io', 1000);
  counted.fetched('docker.io', 500);
  counted.rateLimit({ upstream: 'docker.io', limit: 100, remaining: 42 });
  counted.breaker('docker.io', true);
  const found = await samples(counted);
  const labels = '{upstream="docker.io",kind="blob",status=';
  assert.equal(found.get(`upstream_requests_total${labels}"206"}`), 1);
  assert.equal(found.get(`upstream_requests_total${labels}"none"}`), 1);
  assert.equal(found.get('fetched_bytes_total{upstream="docker.io"}'), 1500);
  assert.equal(found.get('fetched_bytes_total{upstream="ghcr.io"}'), 0);
  assert.equal(found.get('upstream_ratelimit_limit{upstream="docker.io"}'), 100);
  assert.equal(found.get('upstream_ratelimit_remaining{upstream="docker.io"}'), 42);
  assert.equal(found.get('upstream_breaker_open{upstream="docker.io"}'), 1);
  assert.equal(found.get('upstream_breaker_open{upstream="ghcr.io"}'), 0);
  counted.breaker('docker.io', false);
  assert.equal((await samples(counted)).get('upstream_breaker_open{upstream="docker.io"}'), 0);
});

test('what is stored is asked for at each look, beside the numbers of the process', async () => {
  const counted = metrics();
  const found = await samples(counted);
  assert.equal(found.get('stored_bytes'), 4096);
  assert.equal(found.get('stored_blobs'), 3);
  assert.equal(found.get('stored_manifests'), 2);
  assert.equal(found.get('fills_running'), 7);
  const { body, contentType } = await counted.render(() => true);
  assert.match(body, /^process_cpu_seconds_total /m);
  assert.match(contentType, /^text\/plain/);
});

test('a store that fails makes the look fail, not show zeros', async () => {
  const sources = {
    stored: () => Promise.reject(new Error('disk gone')),
    fillsRunning: () => 0,
  };
  const broken = new Metrics(sources, []);
  await assert.rejects(
    broken.render(() => true),
    /disk gone/,
  );
});

test('two of them count apart', async () => {
  const [one, two] = [metrics(), metrics()];
  one.fetched('docker.io', 5);
  assert.equal((await samples(two)).get('fetched_bytes_total{upstream="docker.io"}'), 0);
});
