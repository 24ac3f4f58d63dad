/** How upstreams are doing. */
import type { UpstreamEntry } from '../api/activity.ts';
import type { WholeUpstream } from '../oci/repository.ts';
import type { LastFailure } from '../pull-through/breaker.ts';
import type { Mirror } from '../pull-through/mirror.ts';
import type { UpstreamErrorKind } from '../upstream/errors.ts';

/** Where an upstream is, as the configuration says. */
export interface ConfiguredUpstream {
  readonly url: string;
  readonly aliases: readonly string[];
  readonly private: boolean;
}

export class Upstreams {
  readonly #configured: Readonly<Record<string, ConfiguredUpstream>>;
  readonly #mirrors: ReadonlyMap<string, Mirror>;
  readonly #offline: boolean;

  /**
   * @param configured - by name
   * @param offline - configured never to ask any of them
   */
  constructor(
    configured: Readonly<Record<string, ConfiguredUpstream>>,
    mirrors: ReadonlyMap<string, Mirror>,
    offline: boolean,
  ) {
    this.#configured = configured;
    this.#mirrors = mirrors;
    this.#offline = offline;
  }

  /**
   * @param isShown - whether who asks is told of the upstream at all
   * @param inFull - failures in their own words, which name what somebody asked for
   */
  list(
    isShown: (upstream: WholeUpstream) => boolean,
    { inFull }: { readonly inFull: boolean },
  ): UpstreamEntry[] {
    const shown = Object.entries(this.#configured).filter(([upstream]) =>
      isShown({ kind: 'upstream', upstream }),
    );
    return shown.map(([name, one]) => {
      const mirror = this.#mirrors.get(name);
      const last = mirror?.budget.last;
      return {
        name,
        url: one.url,
        aliases: [...one.aliases],
        private: one.private,
        state: this.#offline ? 'offline' : (mirror?.upstream.health ?? 'offline'),
        retryAt: mirror?.upstream.retryAt ?? null,
        lastFailure: failureOf(mirror?.upstream.lastFailure, inFull),
        rateLimit: last
          ? {
              limit: last.limit,
              remaining: last.remaining,
              windowSeconds: last.windowSeconds ?? null,
              at: last.at,
            }
          : null,
      };
    });
  }
}

function failureOf(last: LastFailure | undefined, inFull: boolean): UpstreamEntry['lastFailure'] {
  if (!last) return null;
  const { message, kind, status } = last.error;
  return { at: last.at, message: inFull ? message : inShort(kind, status) };
}

function inShort(kind: UpstreamErrorKind, status: number | undefined): string {
  return status === undefined ? kind : `${kind} (status ${status})`;
}
