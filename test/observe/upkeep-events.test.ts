import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../src/observe/log.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { observeDamage, observeUpkeep } from '../../src/observe/upkeep-events.ts';
import { digestOf } from '../../src/oci/digest.ts';

const digest = digestOf(Buffer.from('blob'));
const NOTHING = { manifests: 0, blobs: 0, bytes: 0, shortfall: 0 };
const VERIFIED = { blobs: 3, manifests: 1, bytes: 9, damaged: [], unreadable: [], lost: [] };

function observed() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void =>
    void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLogger('debug', { write });
  const stored = { bytes: 9, mirroredBytes: 5, blobs: 1, manifests: 1 };
  const metrics = new Metrics({ stored: () => Promise.resolve(stored), fillsRunning: () => 0 }, []);
  return {
    lines,
    metrics,
    events: observeUpkeep(log, metrics),
    damage: observeDamage(log, metrics),
  };
}

test('evictions are counted, and told where something went', async () => {
  const { events, lines, metrics } = observed();
  events.evicted(NOTHING);
  assert.deepEqual(lines, []);
  events.evicted({ manifests: 1, blobs: 3, bytes: 700, shortfall: 0 });
  events.evicted({ manifests: 1, blobs: 2, bytes: 300, shortfall: 0 });
  const { body } = await metrics.render(() => true);
  assert.match(body, /^holdfast_evicted_manifests_total 2$/m);
  assert.match(body, /^holdfast_evicted_blobs_total 5$/m);
  assert.match(body, /^holdfast_evicted_bytes_total 1000$/m);
  assert.match(body, /^holdfast_mirrored_bytes 5$/m);
  assert.deepEqual(
    lines.map(({ level, bytes }) => [level, bytes]),
    [
      ['info', 700],
      ['info', 300],
    ],
  );
});

test('a limit that cannot be kept is told once, until it can', async () => {
  const { events, lines, metrics } = observed();
  const short = { ...NOTHING, shortfall: 10 };
  for (const run of [short, short, NOTHING, short]) events.evicted(run);
  assert.deepEqual(
    lines.map(({ level, shortfall }) => [level, shortfall]),
    [
      ['warn', 10],
      ['warn', 10],
    ],
  );
  assert.match((await metrics.render(() => true)).body, /^holdfast_eviction_shortfall_bytes 10$/m);
});

test('lost hosted content is an error in every run, damaged mirrored content a warning', async () => {
  const { events, damage, lines, metrics } = observed();
  damage({ digest, hosted: false, problem: 'it has 1 bytes, expected 2' });
  damage({ digest, hosted: true, problem: 'it has no bytes' });
  for (const _ of [1, 2]) events.verified({ ...VERIFIED, bytes: 0, lost: [digest] });
  events.verified({ ...VERIFIED, bytes: 0, unreadable: [{ digest, cause: new Error('EIO') }] });
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['warn', 'error', 'error', 'error', 'error'],
  );
  assert.ok(lines.every((line) => line['digest'] === digest));
  const { body } = await metrics.render(() => true);
  assert.match(body, /^holdfast_damaged_blobs_total\{kind="hosted"\} 1$/m);
  assert.match(body, /^holdfast_damaged_blobs_total\{kind="mirrored"\} 1$/m);
});

test('what was collected, swept and verified is told where there was anything', async () => {
  const { events, lines, metrics } = observed();
  events.collected({ links: 0, blobs: 0, bytes: 0 });
  events.swept({ uploads: 0, unfinished: 0 });
  events.orphansSwept(0);
  events.verified({ ...VERIFIED, bytes: 0 });
  assert.deepEqual(lines, []);
  events.collected({ links: 2, blobs: 1, bytes: 50 });
  events.swept({ uploads: 1, unfinished: 0 });
  events.orphansSwept(1);
  events.verified(VERIFIED);
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['info', 'info', 'info', 'info'],
  );
  assert.match((await metrics.render(() => true)).body, /^holdfast_collected_bytes_total 50$/m);
});
