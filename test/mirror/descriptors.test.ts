import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { Gate } from '../helpers/gate.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { startMirror, storedFiles } from '../helpers/mirror.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';
import { RawClient } from '../helpers/raw-client.ts';

const BLOBS = /\/blobs\//;
const SIZE = 4_000_000;

/** Files and directories of the blob store that are open; the database is always. */
async function openBlobs({ dir }: Holdfast): Promise<readonly string[]> {
  const own = [join(dir, 'blobs'), join(dir, 'unfinished')];
  return (await openDescriptors()).filter((path) => own.some((one) => path.startsWith(one)));
}

async function openSockets(): Promise<number> {
  return (await openDescriptors()).filter((path) => path.startsWith('socket:')).length;
}

test(
  'however many clients leave in the middle, every descriptor is given back',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const { upstream, holdfast } = await startMirror(t, {
      upstream: { maxConnections: 4 },
      config: { prefetch: 'off' },
    });
    // A round may leave kept-alive connections behind, but never more than the round before.
    const round = async (number: number): Promise<void> => {
      const { layerDigests } = upstream.addImage('library/app', `${number}`, {
        layers: [SIZE + number],
      });
      const url = `${holdfast.url}/v2/library/app/blobs/${layerDigests[0]}`;
      const unanswered = new Gate();
      upstream.fault({ path: BLOBS, holdHeaders: unanswered, times: 1 });
      const gate = upstream.hold(BLOBS, SIZE / 2, 1);
      const early = Array.from({ length: 10 }, () => RawClient.get(url));
      await unanswered.reached;
      for (const client of early) client.leave();
      unanswered.release();
      const whole = Array.from({ length: 30 }, () => RawClient.get(url));
      const parts = Array.from({ length: 10 }, () => RawClient.get(url, { Range: 'bytes=-5,0-9' }));
      for (const client of whole) (await client.bytes(SIZE / 4)).leave();
      for (const client of parts) (await client.headers()).leave();
      gate.release();
      await storedFiles(holdfast);
      const warm = Array.from({ length: 20 }, () => RawClient.get(url));
      for (const client of warm) (await client.bytes(1)).leave();
      await eventually('every client is gone', () => warm.every(({ closed }) => closed));
    };
    await round(0);
    const sockets = await openSockets();
    for (let number = 1; number <= 3; number++) await round(number);
    await eventually('the files are closed', async () => {
      return (await openBlobs(holdfast)).length === 0;
    });
    await eventually('the sockets are closed', async () => (await openSockets()) <= sockets);
    assert.equal(upstream.count('GET', BLOBS), 4);
  },
);

test(
  'a fill that fails gives its descriptors back too',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
    upstream.fault({ path: BLOBS, corrupt: true });
    for (let number = 0; number < 5; number++) {
      const { layerDigests } = upstream.addImage('library/app', `${number}`, {
        layers: [SIZE + number],
      });
      const url = `${holdfast.url}/v2/library/app/blobs/${layerDigests[0]}`;
      const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.get(url).end()));
      assert.ok(clients.every(({ closed }) => closed));
    }
    await eventually('the files are closed', async () => {
      return (await openBlobs(holdfast)).length === 0;
    });
  },
);
