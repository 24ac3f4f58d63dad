/** What the server does and has done: fills, upstreams, usage, misses, what goes next. */
import { type FillsAnswer, missesQuery, usageQuery } from '../../api/activity.ts';
import { evictionsQuery, type EvictionsAnswer } from '../../api/upkeep.ts';
import { LOOSE_MIN_AGE_MS } from '../../maintenance/evict.ts';
import { displayName, type Repository } from '../../oci/repository.ts';
import type { Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { repositoriesOf } from './image-of.ts';
import { readQuery } from './read-query.ts';
import { sendJson } from './send-json.ts';

/** Told at once, whatever `n` says: each one costs some look-ups, during which no other request is answered. */
const MAX_NEXT = 200;

export function listFills({ pullThrough }: Services): Handler {
  return (ctx, permissions) => {
    const shown = pullThrough.fills.filter(({ repository }) => permissions.canSee(repository));
    const fills = shown.map(({ repository, size, ...fill }) => ({
      ...fill,
      repository: displayName(repository),
      size: size ?? null,
    }));
    const answer: FillsAnswer = { fills };
    sendJson(ctx, answer);
  };
}

export function listUpstreams({ inventory }: Services): Handler {
  return (ctx, permissions) => {
    const inFull = permissions.can('administer');
    const upstreams = inventory.upstreams.list((one) => permissions.canSee(one), { inFull });
    sendJson(ctx, { upstreams });
  };
}

export function getUsage({ inventory }: Services): Handler {
  return async (ctx, permissions) => {
    const { days } = readQuery(ctx, usageQuery);
    sendJson(ctx, await inventory.usage.days(days, (one) => permissions.canSee(one)));
  };
}

export function listMisses(services: Services): Handler {
  return (ctx, permissions) => {
    const { repository: name, n } = readQuery(ctx, missesQuery);
    const canSee = (repository: Repository): boolean => permissions.canSee(repository);
    const meant = name === undefined ? [] : repositoriesOf(name, services, permissions);
    const mirrored = meant.find(({ kind }) => kind === 'mirrored');
    const repository = mirrored === undefined ? name : displayName(mirrored);
    sendJson(ctx, { misses: services.inventory.misses.list({ repository, n }, canSee) });
  };
}

export function listEvictions({ metadata, clock }: Services): Handler {
  return async (ctx, permissions) => {
    const { n } = readQuery(ctx, evictionsQuery);
    const administer = permissions.can('administer');
    const all = await metadata.inventory.nextEvictions({
      // For others something may be left out, which a short answer would tell.
      limit: administer ? Math.min(n, MAX_NEXT) : MAX_NEXT,
      looseBefore: clock.now() - LOOSE_MIN_AGE_MS,
    });
    // What no repository refers to any more may have been anybody's.
    const shown = all.filter(({ repository }) =>
      repository ? permissions.canSee(repository) : administer,
    );
    const next = shown.slice(0, n).map(({ repository, ...rest }) => {
      const isManifest = rest.kind === 'manifest';
      const tags = isManifest ? [...rest.tags] : [];
      const belongsTo = isManifest ? [...rest.belongsTo] : [];
      return { ...rest, tags, belongsTo, name: repository ? displayName(repository) : null };
    });
    const wouldFree = next.reduce((sum, { bytes }) => sum + bytes, 0);
    const answer: EvictionsAnswer = { wouldFree, next };
    sendJson(ctx, answer);
  };
}
