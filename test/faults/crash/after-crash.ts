/** What has to be true of a server that was started after another was killed. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../../src/oci/digest.ts';
import { eventually } from '../../helpers/eventually.ts';
import type { FakeUpstream } from '../../helpers/fake-upstream.ts';
import { getVerified } from '../../helpers/registry-client.ts';
import { eachOf } from '../each-of.ts';
import type { ServerProcess } from '../server-process.ts';
import type { HeldBlob, Left } from './directory.ts';
import type { Ledger } from './ledger.ts';
import type { MirroredImage } from './puller.ts';
import type { LeftUpload } from './pusher.ts';

export interface AfterCrashOptions {
  readonly server: ServerProcess;
  readonly upstream: FakeUpstream;
  readonly images: readonly MirroredImage[];
  readonly ledger: Ledger;
  /** Uploads that clients left before the crash. */
  readonly uploads: readonly LeftUpload[];
  readonly left: Left;
  /** The storage directory. */
  readonly dir: string;
}

export interface RoundReport {
  /** From the start of the process until it listened; ms. */
  readonly bootMs: number;
  /** Pushes and deletes that were looked at again. */
  readonly acknowledged: number;
  /** Held blobs that were read and hashed again, once for each repository that may serve them. */
  readonly reread: number;
  /** Fills that went on from what was on disk. */
  readonly resumedFills: number;
  /** Uploads that went on. */
  readonly resumedUploads: number;
  readonly orphans: number;
}

/** Looks over everything; rejects with the first thing that is wrong. */
export async function afterCrash(options: AfterCrashOptions): Promise<RoundReport> {
  const { server, upstream, ledger, left, uploads } = options;
  const before = ledger.checks;
  upstream.clear();
  upstream.clearFaults();
  await ledger.check(server);
  await eachOf(left.held, (blob) => reread(options, blob));
  const resumedFills = await resumeFills(options);
  await eachOf(uploads, (upload) => resumeUpload(options, upload));
  await leftoversAreSwept(options);
  return {
    bootMs: server.bootMs,
    acknowledged: ledger.checks - before,
    reread: left.held.length,
    resumedFills,
    resumedUploads: uploads.length,
    orphans: left.orphans,
  };
}

async function reread({ server }: AfterCrashOptions, blob: HeldBlob): Promise<void> {
  const name = blob.upstream === '' ? blob.name : `${blob.upstream}/${blob.name}`;
  await getVerified(`${server.url}/v2/${name}/blobs/${blob.digest}`, blob.digest);
}

/** Asks for every blob whose fill was interrupted; upstream must only be asked for what was not on disk. */
async function resumeFills(options: AfterCrashOptions): Promise<number> {
  const { server, upstream, images, left } = options;
  let resumed = 0;
  for (const [digest, size] of left.fills) {
    // It may have been fetched since, or another writer's commit have made it superfluous.
    const image = images.find((one) => hasBlob(one, digest));
    if (image === undefined || left.held.some((held) => held.digest === digest)) continue;
    const url = `${server.url}/v2/${image.repository}/blobs/${digest}`;
    const { length } = await getVerified(url, digest);
    const first = upstream.requests.find((one) => one.method === 'GET' && one.url.endsWith(digest));
    const wanted = size === 0 ? undefined : `bytes=${size}-`;
    if (first === undefined) assert.equal(size, length, `${digest} came from nowhere`);
    else assert.equal(first.headers.range, wanted, `the fill of ${digest} did not go on`);
    if (size > 0) resumed += 1;
  }
  return resumed;
}

function hasBlob(image: MirroredImage, digest: string): boolean {
  return image.configDigest === digest || image.layerDigests.some((one) => one === digest);
}

/** What was acknowledged of an upload is there, and it can be finished. */
async function resumeUpload({ server, ledger }: AfterCrashOptions, upload: LeftUpload) {
  const { location, repository, content, acknowledged } = upload;
  const status = await server.fetch(location);
  assert.equal(status.status, 204, `${location}: ${await status.text()}`);
  const range = `0-${Math.max(0, acknowledged - 1)}`;
  assert.equal(status.headers.get('range'), range, location);
  const digest = digestOf(content);
  const acknowledge = ledger.begin([`/v2/${repository}/blobs/${digest}`], digest);
  const put = await server.fetch(`${location}?digest=${digest}`, {
    method: 'PUT',
    body: content.subarray(acknowledged),
  });
  assert.equal(put.status, 201, await put.text());
  acknowledge();
  await getVerified(`${server.url}/v2/${repository}/blobs/${digest}`, digest);
}

/** Parts of uploads whose session is unknown go away by themselves. */
async function leftoversAreSwept({ left, dir }: AfterCrashOptions): Promise<void> {
  const unknown = left.uploads.filter((id) => !left.sessions.includes(id));
  await eventually('leftovers are swept', async () => {
    const now = await readdir(join(dir, 'unfinished'));
    return !unknown.some((id) => now.includes(`upload-${id}.part`));
  });
}
