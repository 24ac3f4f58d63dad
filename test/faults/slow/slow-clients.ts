/** Many clients that read one large blob slowly: what they cost the server, and those beside them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../helpers/eventually.ts';
import { FakeUpstream } from '../../helpers/fake-upstream.ts';
import { openDescriptors } from '../../helpers/open-descriptors.ts';
import type { Program } from '../../helpers/program.ts';
import { ServerProcess, SOURCE_MAIN } from '../server-process.ts';
import { throughput } from './fast-clients.ts';
import { SlowClient } from './slow-client.ts';

const UPSTREAM = 'mirror.test';
const SLOW_SPEED = 100_000;
const FAST_SIZE = 32 * 1024 * 1024;

/** What the server may have in memory, whatever its clients do; bytes. */
const MEMORY_LIMIT = 250_000_000;
/** What knowing the sources takes on top, where it does not run as built. */
const SOURCES = 50_000_000;

export interface SlowClientsOptions {
  readonly clients: number;
  /** Of the blob that they read; bytes. */
  readonly size: number;
  /** How long they stay, each of the two times. */
  readonly seconds: number;
  readonly main: Program;
}

/** Resolves with what was seen, in words; rejects where memory, descriptors or a byte were wrong. */
export async function slowClients(options: SlowClientsOptions): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-slow-'));
  const upstream = await FakeUpstream.start();
  const config = {
    upstreams: { [UPSTREAM]: { url: upstream.url } },
    prefetch: 'off',
  };
  const server = await ServerProcess.start({ dir, main: options.main, config });
  try {
    return await watch(options, upstream, server);
  } finally {
    await server.kill();
    await upstream.stop();
    await rm(dir, { recursive: true });
  }
}

async function watch(
  { clients, size, seconds, main }: SlowClientsOptions,
  upstream: FakeUpstream,
  server: ServerProcess,
): Promise<string> {
  const content = stamped(size);
  const large = blobUrl(server, upstream.addBlob(content, 'library/app'));
  const fast = blobUrl(server, upstream.addBlob(stamped(FAST_SIZE), 'library/app'));
  await untilHeld(fast);
  const before = (await openDescriptors(server.pid)).length;
  const alone = await throughput(fast, FAST_SIZE, seconds * 500);

  const memoryLimit = main === SOURCE_MAIN ? MEMORY_LIMIT + SOURCES : MEMORY_LIMIT;
  const lines: string[] = [`${clients} clients at ${SLOW_SPEED / 1000} kB/s, ${size} bytes`];
  for (const what of ['cold', 'warm'] as const) {
    if (what === 'warm') await untilHeld(large);
    const slow = Array.from({ length: clients }, () => {
      return new SlowClient({ url: large, content, bytesPerSecond: SLOW_SPEED });
    });
    const beside = await throughput(fast, FAST_SIZE, seconds * 1000);
    const { peak } = await server.memory();
    const received = slow.map((client) => client.received);
    for (const client of slow) client.leave();
    for (const { failure } of slow) if (failure !== undefined) throw failure;
    assert.ok(Math.min(...received) > 0, 'every client has got something');
    assert.ok(peak < memoryLimit, `${what}: ${peak} bytes in memory`);
    await eventually('the descriptors are given back', async () => {
      return (await openDescriptors(server.pid)).length <= before + SPARE;
    });
    lines.push(
      `${what}: at most ${mb(peak)} resident, fast clients beside at ${(beside / alone).toFixed(2)} of ${mb(alone)}/s`,
    );
  }
  // However many there were: the blob came once.
  assert.equal(upstream.count('GET', /\/blobs\//), 2);
  assert.deepEqual(server.complaints, []);
  return lines.join('; ');
}

/** Connections that are kept for the next request: this process's to the server, and the server's to its upstream. */
const SPARE = 4;

function mb(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** Mostly zeros, so that it costs no memory, with a mark in every page, so that no page can stand for another. */
function stamped(size: number): Buffer {
  const content = Buffer.alloc(size);
  for (let at = 0; at < size - 8; at += 4096) content.writeDoubleLE(at + size, at);
  return content;
}

function blobUrl(server: ServerProcess, digest: string): string {
  return `${server.url}/v2/${UPSTREAM}/library/app/blobs/${digest}`;
}

async function untilHeld(url: string): Promise<void> {
  await fetch(url, { headers: { Range: 'bytes=0-0' } }).then((response) => response.arrayBuffer());
  await eventually(`${url} is held`, async () => {
    const { headers } = await fetch(url, { method: 'HEAD' });
    return headers.get('cache-status') === 'holdfast; hit';
  });
}
