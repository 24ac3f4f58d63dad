/** Liveness, readiness and metrics. None of them depends on an upstream. */
import type { WholeUpstream } from '../oci/repository.ts';
import type { Handler } from './context.ts';

export interface Health {
  /** Rejects where storage or database cannot be written to. */
  probe(): Promise<void>;
  /** @param isShown - whether who asks is told of the upstream */
  metrics(
    isShown: (upstream: WholeUpstream) => boolean,
  ): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** The process is alive: it answers. */
export const livez: Handler = (ctx) => {
  ctx.body = 'ok\n';
};

export function readyz(health: Health): Handler {
  return async (ctx) => {
    try {
      await health.probe();
      ctx.body = 'ok\n';
    } catch (error) {
      ctx.state.failure = error;
      ctx.status = 503;
      ctx.body = `not ready: ${error instanceof Error ? error.message : String(error)}\n`;
    }
  };
}

export function metricsPage(health: Health): Handler {
  return async (ctx, permissions) => {
    const { contentType, body } = await health.metrics((upstream) => permissions.canSee(upstream));
    ctx.body = body;
    ctx.set('Content-Type', contentType);
  };
}
