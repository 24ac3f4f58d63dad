import { type PinEntry, pinRequest } from '../../api/pins.ts';
import { OciError } from '../../oci/error-codes.ts';
import { displayName } from '../../oci/repository.ts';
import { isGlob, repositoryPart } from '../../oci/image-patterns.ts';
import type { Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { repositoriesOf } from './image-of.ts';
import { readJson } from './read-json.ts';
import { readQuery } from './read-query.ts';
import { requireOwnDelete } from './require-own-delete.ts';
import { sendJson } from './send-json.ts';

/** Others than administrators are told of images that they may pull, and not of globs. */
export function listPins(services: Services): Handler {
  return async (ctx, permissions) => {
    const { pins } = await services.inventory.pins.list();
    const all = permissions.can('administer');
    const isShown = ({ pattern }: PinEntry): boolean => {
      if (isGlob(pattern)) return false;
      // A hosted name means an upstream's repository as well, which may be open where the hosted one is not.
      const name = repositoryPart(pattern);
      // Of an upstream that is configured no more: what it would mean now cannot even be a name.
      if (services.naming.resolve(name).state !== 'found') return false;
      const meant = repositoriesOf(name, services, permissions);
      return meant.some((one) => displayName(one) === name);
    };
    sendJson(ctx, { pins: all ? pins : pins.filter(isShown) });
  };
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
    const removed = await pins.remove(pattern);
    if (removed !== 'removed') throw notRemoved(removed, pattern);
    sendJson(ctx, await pins.list());
  };
}

function notRemoved(why: 'absent' | 'configured', pattern: string): OciError {
  const detail = { pattern };
  if (why === 'absent') {
    return new OciError('NAME_UNKNOWN', { message: 'there is no such pin', detail });
  }
  const message = `${pattern} is pinned by the configuration: take it out of "pins" there and restart`;
  return new OciError('DENIED', { message, detail });
}
