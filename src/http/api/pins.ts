import { pinRequest } from '../../api/pins.ts';
import { OciError } from '../../oci/error-codes.ts';
import type { Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { readJson } from './read-json.ts';
import { readQuery } from './read-query.ts';
import { requireOwnDelete } from './require-own-delete.ts';
import { sendJson } from './send-json.ts';

/** Patterns name what somebody may not pull, so they are for administrators. */
export function listPins({ inventory: { pins } }: Services): Handler {
  return async (ctx) => sendJson(ctx, await pins.list());
}

export function addPin({ inventory: { pins } }: Services): Handler {
  return async (ctx) => {
    const { pattern } = await readJson(ctx, pinRequest);
    const added = await pins.add(pattern);
    if (!added.ok) throw new OciError('UNSUPPORTED', { status: 400, message: added.problem });
    sendJson(ctx, await pins.list());
  };
}

export function removePin({ inventory: { pins } }: Services): Handler {
  return async (ctx) => {
    requireOwnDelete(ctx);
    const { pattern } = readQuery(ctx, pinRequest);
    if (!(await pins.remove(pattern))) {
      throw new OciError('NAME_UNKNOWN', { message: 'there is no such pin', detail: { pattern } });
    }
    sendJson(ctx, await pins.list());
  };
}
