/**
 * `npm run demo`: the whole story in under a minute and without internet. A throw-away upstream with an image in it, a
 * Holdfast in front of it, and clients that pull and push over HTTP as real ones do.
 */
import { FakeUpstream } from '../helpers/fake-upstream.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { type Pulled, pullImage, pushImage } from '../helpers/registry-client.ts';
import { formatTable } from './table.ts';

const MIB = 1024 * 1024;
/** Upstreams are far away: without some delay and a limit, everything would be fast. */
const UPSTREAM_LATENCY_MS = 30;
const UPSTREAM_BYTES_PER_SECOND = 20 * MIB;

interface Row {
  readonly what: string;
  readonly ms: number;
  readonly bytes: number;
  readonly upstream: string;
}

const rows: Row[] = [];
const upstream = await FakeUpstream.start();
upstream.addImage('library/app', '1', { layers: [8 * MIB, 4 * MIB, 2 * MIB, 64 * 1024] });
upstream.addImage('library/tools', '1', { layers: [6 * MIB, 1 * MIB] });
upstream.fault({ latency: UPSTREAM_LATENCY_MS, throttle: UPSTREAM_BYTES_PER_SECOND });

const holdfast = await Holdfast.start({ upstreams: { 'docker.io': upstream.url } });
try {
  console.log(
    `Upstream: ${upstream.url} (${UPSTREAM_LATENCY_MS} ms away). Holdfast: ${holdfast.url}\n`,
  );
  await story();
  console.log(formatTable(rows));
} finally {
  await holdfast.close();
  await upstream.stop();
}

async function story(): Promise<void> {
  await step('cold pull of app:1', () => pull('library/app', '1'));
  await step('warm pull of app:1', () => pull('library/app', '1'));
  await step('20 cold pulls of tools:1 at once', async () => {
    const pulls = await Promise.all(Array.from({ length: 20 }, () => pull('library/tools', '1')));
    return pulls.reduce((sum, bytes) => sum + bytes, 0);
  });
  await upstream.stop();
  await step('upstream switched off: pull of app:1', () => pull('library/app', '1'));
  holdfast.clock.advance(60 * 60 * 1000);
  await step('an hour later, still off: pull of tools:1', () => pull('library/tools', '1'));
  await step('push of mine:1, upstream still off', async () => {
    const { bytes } = await pushImage(holdfast.url, 'mine', '1', [3 * MIB, 64 * 1024]);
    return bytes;
  });
  await step('pull of mine:1', () => pull('mine', '1'));
}

async function pull(repository: string, tag: string): Promise<number> {
  const pulled: Pulled = await pullImage(holdfast.url, repository, tag);
  return pulled.bytes;
}

async function step(what: string, run: () => Promise<number>): Promise<void> {
  upstream.clear();
  const began = performance.now();
  const bytes = await run();
  const ms = performance.now() - began;
  const heads = upstream.count('HEAD');
  const gets = upstream.count('GET');
  rows.push({
    what,
    ms,
    bytes,
    upstream: heads > 0 ? `${gets} GET, ${heads} HEAD` : `${gets} GET`,
  });
}
