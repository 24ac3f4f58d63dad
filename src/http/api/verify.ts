/** `POST /api/v1/verify`: hashes everything again and tells how far it is. */
import {
  type DamagedEntry,
  type VerifyDone,
  type VerifyLine,
  verifyRequest,
} from '../../api/upkeep.ts';
import { type Damage, settleDamage } from '../../inventory/repair.ts';
import type { Verified, VerifyProgress } from '../../maintenance/verify.ts';
import { OciError } from '../../oci/error-codes.ts';
import { displayName } from '../../oci/repository.ts';
import type { Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { AnswerLines } from './answer-lines.ts';
import { readJson } from './read-json.ts';

/** Somebody waits for it: faster than the one that runs by itself, and yet a disk has something left for pulls. */
const BYTES_PER_SECOND = 300_000_000;

/** Often enough for a bar that moves. */
const PROGRESS_MS = 300;

/** A client that leaves ends it. */
export function verifyAll(services: Services): Handler {
  let isRunning = false;
  return async (ctx) => {
    const { repair } = await readJson(ctx, verifyRequest);
    if (isRunning) throw new OciError('TOOMANYREQUESTS', { message: 'it is running already' });
    isRunning = true;
    const gone = new AbortController();
    const leave = (): void => gone.abort(new Error('the client left'));
    ctx.res.once('close', leave);
    const lines = new AnswerLines<VerifyLine>(ctx);
    try {
      lines.end(await run(services, repair, lines, gone.signal));
    } catch (error) {
      lines.fail(error);
    } finally {
      isRunning = false;
      ctx.res.off('close', leave);
    }
  };
}

async function run(
  services: Services,
  repair: boolean,
  lines: AnswerLines<VerifyLine>,
  signal: AbortSignal,
): Promise<VerifyDone> {
  const { metadata, pullThrough } = services;
  const totals = await metadata.totals();
  const total = totals.blobs + totals.manifests;
  const lineOf = ({ blobs, manifests, bytes }: VerifyProgress) => {
    const checked = blobs + manifests;
    const most = { total: Math.max(total, checked), totalBytes: Math.max(totals.blobBytes, bytes) };
    return { checked, bytes, ...most };
  };
  const damages: Damage[] = [];
  let told = -Infinity;
  const verified = await services.upkeep.verify(
    {
      bytesPerSecond: BYTES_PER_SECOND,
      onDamage: (damage) => damages.push(damage),
      onProgress: (progress) => {
        const now = performance.now();
        if (now - told < PROGRESS_MS) return;
        told = now;
        lines.write(lineOf(progress));
      },
    },
    signal,
  );
  const damaged: DamagedEntry[] = [];
  for (const damage of damages) damaged.push(await settleDamage(damage, { pullThrough, repair }));
  damaged.push(...(await otherDamage(verified, damages, services)));
  return { done: true, ...lineOf(verified), damaged };
}

/** What could not be read, and what was lost before. */
async function otherDamage(
  { unreadable, lost }: Verified,
  damages: readonly Damage[],
  { metadata: { inventory } }: Services,
): Promise<DamagedEntry[]> {
  const told = new Set(damages.map(({ digest }) => digest));
  const entries: DamagedEntry[] = [];
  for (const { digest, cause } of unreadable) {
    const repositories = (await inventory.listBlobReferrers(digest)).map(displayName);
    const message = cause instanceof Error ? cause.message : String(cause);
    entries.push({ digest, repositories, action: 'unreadable', message });
  }
  for (const digest of lost.filter((one) => !told.has(one))) {
    const repositories = (await inventory.listBlobReferrers(digest)).map(displayName);
    entries.push({ digest, repositories, action: 'push-again', message: null });
  }
  return entries;
}
