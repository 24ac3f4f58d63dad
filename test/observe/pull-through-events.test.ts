import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../src/observe/log.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { observePullThrough } from '../../src/observe/pull-through-events.ts';
import { logRequest } from '../../src/observe/request-log.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';

const name = parseRepositoryName('library/nginx') as RepositoryName;
const repository = { kind: 'mirrored', upstream: 'docker.io', name } as const;
const digest = digestOf(new Uint8Array());
const SOURCES = {
  stored: () => Promise.resolve({ bytes: 0, mirroredBytes: 0, blobs: 0, manifests: 0 }),
  fillsRunning: () => 0,
};

function observed() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void =>
    void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLogger('debug', { write });
  const metrics = new Metrics(SOURCES, ['docker.io']);
  return { log, lines, metrics, events: observePullThrough(log, metrics) };
}

test('a breaker that opens and closes shows in the log and in the metrics', async () => {
  const { events, lines, metrics } = observed();
  events.breakerChanged({ upstream: 'docker.io', open: true, forMs: 1000 });
  assert.match(
    (await metrics.render(() => true)).body,
    /upstream_breaker_open\{upstream="docker\.io"\} 1/,
  );
  events.breakerChanged({ upstream: 'docker.io', open: false, forMs: 0 });
  assert.match(
    (await metrics.render(() => true)).body,
    /upstream_breaker_open\{upstream="docker\.io"\} 0/,
  );
  assert.deepEqual(
    lines.map(({ level, upstream }) => [level, upstream]),
    [
      ['warn', 'docker.io'],
      ['info', 'docker.io'],
    ],
  );
});

test('what happens to a blob is logged with its repository and digest', () => {
  const { events, lines } = observed();
  const cause = new Error('reset');
  events.fillStarted({ repository, digest, resumedFrom: 0 });
  events.fillResumed({ repository, digest, at: 5, cause });
  events.fillCommitted({ repository, digest, size: 9 });
  events.fillFailed({ repository, digest, at: 5, cause });
  assert.deepEqual(
    lines.map(({ level, at, size }) => [level, at ?? size]),
    [
      ['debug', undefined],
      ['warn', 5],
      ['info', 9],
      ['warn', 5],
    ],
  );
  for (const line of lines) {
    assert.equal(line['repository'], 'docker.io/library/nginx');
    assert.equal(line['digest'], digest);
  }
});

test('a failure that a client never sees is logged as a warning with its cause', () => {
  const { events, lines } = observed();
  const cause = new Error('reset');
  events.servedStale({ repository, tag: 'latest', cause });
  events.backgroundFailure({ what: 'prefetch', cause });
  assert.deepEqual(
    lines.map(({ level, err }) => [level, (err as Error).message]),
    [
      ['warn', 'reset'],
      ['warn', 'reset'],
    ],
  );
});

test('a request is one line', () => {
  const { log, lines } = observed();
  logRequest(log, {
    method: 'GET',
    path: '/v2/nginx/manifests/latest',
    status: 200,
    outcome: 'hit',
    sentBytes: 100,
    durationMs: 1.7,
    aborted: false,
    remoteAddress: '127.0.0.1',
    userAgent: 'docker/28',
    account: 'alice',
  });
  const [{ time: _, ...line } = {}] = lines;
  assert.deepEqual(line, {
    level: 'info',
    method: 'GET',
    path: '/v2/nginx/manifests/latest',
    status: 200,
    outcome: 'hit',
    sentBytes: 100,
    durationMs: 2,
    aborted: false,
    remoteAddress: '127.0.0.1',
    userAgent: 'docker/28',
    account: 'alice',
    msg: 'request',
  });
});
