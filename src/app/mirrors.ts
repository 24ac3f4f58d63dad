import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { tagPolicy } from '../config/tag-policy.ts';
import type { UsageByDay } from '../inventory/usage.ts';
import type { Metrics } from '../observe/metrics.ts';
import { Breaker } from '../pull-through/breaker.ts';
import type { PullThroughEvents } from '../pull-through/events.ts';
import { GuardedUpstream } from '../pull-through/guarded-upstream.ts';
import type { Mirror } from '../pull-through/mirror.ts';
import { RateBudget } from '../pull-through/rate-budget.ts';
import { GotUpstream } from '../upstream/got/got-upstream.ts';
import { offlineUpstream } from '../upstream/offline-upstream.ts';
import type { Upstream } from '../upstream/upstream.ts';

interface Observers {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly usage: UsageByDay;
}

/** One mirror for each configured upstream, by its name. */
export async function createMirrors(
  config: Config,
  use: Observers & { readonly events: PullThroughEvents },
): Promise<ReadonlyMap<string, Mirror>> {
  const mirrors = new Map<string, Mirror>();
  for (const [name, settings] of Object.entries(config.upstreams)) {
    const budget = new RateBudget(use.clock);
    const upstream = config.offline
      ? offlineUpstream(name)
      : await createUpstream(name, settings, { ...use, budget });
    const breaker = new Breaker({
      upstream: name,
      clock: use.clock,
      onChange: (change) => use.events.breakerChanged(change),
    });
    mirrors.set(name, {
      upstream: new GuardedUpstream(upstream, breaker),
      budget,
      private: settings.private,
      connectionsPerBlob: settings.connectionsPerBlob,
      negativeMaxAge: settings.tags.negativeMaxAge,
      tagPolicy: (repository, tag) => tagPolicy(settings, repository, tag),
    });
  }
  return mirrors;
}

async function createUpstream(
  name: string,
  settings: UpstreamConfig,
  { clock, metrics, usage, budget }: Observers & { readonly budget: RateBudget },
): Promise<Upstream> {
  const { ca, insecureSkipVerify } = settings.tls;
  return new GotUpstream({
    ...settings,
    name,
    tls: { ca: ca === null ? null : await readFile(ca, 'utf8'), insecureSkipVerify },
    clock,
    onAnswer: (answer) => {
      metrics.upstreamAnswer(answer);
      metrics.fetched(name, answer.bytes);
      usage.fetched(name, answer.bytes);
      if (!answer.rateLimit) return;
      budget.update(answer.rateLimit);
      metrics.rateLimit({ upstream: name, ...answer.rateLimit });
    },
  });
}
