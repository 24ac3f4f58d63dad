/** deploy/grafana/holdfast.json shows nothing but what /metrics has. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as z from 'zod';
import { ask, startMirror } from '../helpers/mirror.ts';

const ROOT = join(import.meta.dirname, '../..');

const dashboard = z
  .object({
    panels: z.array(
      z.object({
        title: z.string(),
        targets: z.array(z.object({ expr: z.string() })).default([]),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, 'deploy/grafana/holdfast.json'), 'utf8')));

const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const METRIC = /\b(?:holdfast|process|nodejs)_\w+/g;

/** Series name → the labels that it has been seen with. */
async function seriesOf(t: TestContext): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  // Some series begin with the first request, with the first upstream answer, with the first limit that is told.
  upstream.fault({
    path: /manifests/,
    headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '99;w=21600' },
  });
  await ask(holdfast, '/v2/library/app/manifests/1');
  const text = await (await holdfast.fetch('/metrics')).text();
  const series = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = series.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}

test('every metric and label of the dashboard is there', async (t) => {
  const series = await seriesOf(t);
  const names = new Set(expressions.flatMap((expr) => expr.match(METRIC) ?? []));
  assert.ok(names.size > 15);
  assert.deepEqual(
    [...names].filter((name) => !series.has(name)),
    [],
  );
  // `instance` is Prometheus's own.
  const wrong = expressions.flatMap((expr) => {
    const known = new Set([
      'instance',
      ...(expr.match(METRIC) ?? []).flatMap((name) => [...(series.get(name) ?? [])]),
    ]);
    const used = [
      ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/, */)),
      ...[...expr.matchAll(/[{,](\w+)=~?"/g)].map(([, label = '']) => label),
    ];
    return used.filter((label) => !known.has(label)).map((label) => `${label} in ${expr}`);
  });
  assert.deepEqual(wrong, []);
});

test('the alerts of docs/operations.md are over metrics that are there', async (t) => {
  const series = await seriesOf(t);
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const [alerts = ''] = /```promql[\s\S]*?```/.exec(page) ?? [];
  const names = alerts.match(METRIC) ?? [];
  assert.ok(names.length > 5);
  assert.deepEqual(
    names.filter((name) => !series.has(name)),
    [],
  );
});
