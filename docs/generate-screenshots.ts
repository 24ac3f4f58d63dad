/**
 * `npm run docs:screenshots`: plays a month of pulls in a minute or two, and takes the pictures of docs/page.md and of the
 * README. Needs Chromium; the pictures are PNG, to be made smaller by whoever keeps them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { FakeUpstream } from '../test/helpers/fake-upstream.ts';
import { Holdfast } from '../test/helpers/holdfast.ts';
import { pullImage, pushImage } from '../test/helpers/registry-client.ts';

const IMAGES = join(import.meta.dirname, 'images');
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const DAYS = 30;
const DAY = 86_400_000;
const MB = 1_000_000;

const hub = await FakeUpstream.start();
const github = await FakeUpstream.start();
const quay = await FakeUpstream.start();
const dir = await mkdtemp(join(tmpdir(), 'holdfast-'));
const holdfast = await Holdfast.start({
  dir,
  upstreams: { 'docker.io': hub.url, 'ghcr.io': github.url, 'quay.io': quay.url },
  config: { storage: { dir, maxSize: '300MB', minFree: '1GB' }, prefetch: 'off' },
});
try {
  holdfast.clock.advance(-DAYS * DAY);
  const node = fillUpstreams();
  for (let day = 0; day <= DAYS; day++) {
    await pullOneDay(day, node);
    if (day < DAYS) holdfast.clock.advance(DAY);
  }
  await pushImage(holdfast.url, 'team/shop', '2.7.0', [9 * MB, 2 * MB]);
  await pushImage(holdfast.url, 'team/tools/builder', 'latest', [14 * MB]);
  await quay.stop();
  for (let time = 0; time < 6; time++) await holdfast.fetch('/v2/quay.io/a/b/manifests/1');
  await takePictures();
} finally {
  await holdfast.close();
  await Promise.all([hub.stop(), github.stop(), quay.stop()]);
  await rm(dir, { recursive: true, force: true });
}

/** Answers the digest of the one image of an index that is pulled. */
function fillUpstreams(): string {
  // The first fault that matches counts.
  hub.fault({ path: /pytorch.*blobs/, throttle: MB });
  hub.fault({
    headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '62;w=21600' },
  });
  for (let release = 0; release < 6; release++) {
    hub.addImage('library/postgres', `17.${release}`, { layers: [14 * MB, 2 * MB + release] });
    hub.addImage('library/redis', `7.${release}`, { layers: [6 * MB + release] });
    github.addImage('astral-sh/uv', `0.${release}`, { layers: [9 * MB + release] });
  }
  hub.addImage('library/alpine', '3.20', { layers: [3 * MB] });
  quay.addImage('prometheus/prometheus', 'v3.0.0', { layers: [11 * MB] });
  hub.addImage('pytorch/pytorch', '2.5', { layers: [60 * MB] });
  const [amd64, arm64] = (['amd64', 'arm64'] as const).map((architecture) => {
    const platform = { os: 'linux', architecture };
    const { manifestDigest: digest } = hub.addImage('library/node', undefined, {
      layers: [12 * MB, 5 * MB, MB, 3000],
      platform,
      config: {
        architecture,
        created: '2026-10-02T10:00:00Z',
        config: { Labels: { 'org.opencontainers.image.version': '22.9.0' } },
      },
    });
    return { digest, platform };
  });
  if (!amd64 || !arm64) throw new Error('an index has two platforms');
  hub.addIndex('library/node', '22', [amd64, arm64]);
  return amd64.digest;
}

/** Fewer at weekends, and a new release now and then. */
async function pullOneDay(day: number, node: string): Promise<void> {
  const weekday = new Date(holdfast.clock.now()).getUTCDay();
  const pulls = weekday === 0 || weekday === 6 ? 1 : 4 + ((day * 7) % 4);
  const release = Math.floor(day / 6);
  for (let pull = 0; pull < pulls; pull++) {
    await pullImage(holdfast.url, 'library/alpine', '3.20');
    await pullImage(holdfast.url, 'library/postgres', `17.${release}`);
    await pullImage(holdfast.url, 'library/redis', `7.${Math.max(0, release - 1)}`);
    await pullImage(holdfast.url, 'ghcr.io/astral-sh/uv', `0.${release}`);
    if (day < 9) continue;
    await holdfast.fetch('/v2/library/node/manifests/22');
    await pullImage(holdfast.url, 'library/node', node);
  }
  if (day % 10 === 3) {
    await pullImage(holdfast.url, 'quay.io/prometheus/prometheus', 'v3.0.0');
  }
}

async function takePictures(): Promise<void> {
  const slowly = new AbortController();
  const pull = fetch(`${holdfast.url}/v2/pytorch/pytorch/manifests/2.5`).then(async (response) => {
    const { layers } = (await response.json()) as { layers: readonly { digest: string }[] };
    const path = `${holdfast.url}/v2/pytorch/pytorch/blobs/${layers[0]?.digest}`;
    await (await fetch(path, { signal: slowly.signal })).arrayBuffer();
  });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const light = await browser.newPage({ viewport: { width: 1240, height: 900 } });
    await light.goto(`${holdfast.url}/`);
    await light.getByRole('radio', { name: '30 days' }).check({ force: true });
    await light.getByText('in the last 30 days').waitFor();
    await light.getByRole('link', { name: 'docker.io/pytorch/pytorch' }).waitFor();
    await light.getByText(/^failing/).waitFor();
    await picture(light, 'page-overview.png');
    const dark = await browser.newPage({
      viewport: { width: 1240, height: 800 },
      colorScheme: 'dark',
    });
    await dark.goto(`${holdfast.url}/#/image/docker.io/library/node:22`);
    await dark.getByText('1 of 2 held').waitFor();
    await picture(dark, 'page-image.png');
  } finally {
    await browser.close();
    slowly.abort();
    await pull.catch(() => undefined);
  }
}

async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate('document.activeElement?.blur()');
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(IMAGES, name), fullPage: true });
}
