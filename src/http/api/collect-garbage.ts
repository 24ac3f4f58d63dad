import * as z from 'zod';
import type { GcAnswer } from '../../api/upkeep.ts';
import type { GarbageCollected } from '../../maintenance/upkeep.ts';
import type { Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { readJson } from './read-json.ts';
import { sendJson } from './send-json.ts';

/** Who asks while it runs gets what it finds. */
export function collectGarbage({ upkeep }: Services): Handler {
  let running: Promise<GarbageCollected> | undefined;
  return async (ctx) => {
    await readJson(ctx, z.object({}));
    running ??= upkeep.collectGarbage().finally(() => {
      running = undefined;
    });
    sendJson(ctx, answerOf(await running));
  };
}

function answerOf({ swept, orphans, collected, evicted }: GarbageCollected): GcAnswer {
  const { manifests, blobs, bytes } = evicted;
  return {
    swept: { uploads: swept.uploads, unfinished: swept.unfinished },
    orphans,
    collected: { links: collected.links, blobs: collected.blobs, bytes: collected.bytes },
    evicted: { manifests, blobs, bytes },
    freedBytes: collected.bytes + bytes,
  };
}
