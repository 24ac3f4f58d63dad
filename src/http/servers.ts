/** The listeners: one for everything, and one for mirrors alone where that is configured. They start and end together. */
import type { Router } from '@koa/router';
import type { RequestState } from './context.ts';
import { HttpServer, type HttpServerOptions } from './server.ts';

export interface HttpServersOptions extends Omit<HttpServerOptions, 'router'> {
  /** Null: there is no second one. */
  readonly mirrorPort: number | null;
}

export class HttpServers {
  readonly #registry: HttpServer;
  readonly #mirror: HttpServer | undefined;

  private constructor(registry: HttpServer, mirror: HttpServer | undefined) {
    this.#registry = registry;
    this.#mirror = mirror;
  }

  /** Resolves when both listen; rejects, with none of them open, with the system's error where one cannot. */
  static async listen(
    options: HttpServersOptions,
    router: Router<RequestState>,
    mirrorRouter: Router<RequestState>,
  ): Promise<HttpServers> {
    const { mirrorPort } = options;
    const registry = await HttpServer.listen({ ...options, router });
    if (mirrorPort === null) return new HttpServers(registry, undefined);
    try {
      const mirror = { ...options, router: mirrorRouter, port: mirrorPort };
      return new HttpServers(registry, await HttpServer.listen(mirror));
    } catch (error) {
      await registry.close(0);
      throw error;
    }
  }

  get address(): { readonly host: string; readonly port: number } {
    return this.#registry.address;
  }

  get mirrorPort(): number | undefined {
    return this.#mirror?.address.port;
  }

  /** Stops accepting, lets running requests finish for at most `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    await Promise.all([this.#registry.close(graceMs), this.#mirror?.close(graceMs)]);
  }
}
