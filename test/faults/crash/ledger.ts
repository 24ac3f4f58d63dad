/**
 * What a client knows of a registry's content: for each path the answers that are right. One as long as every change
 * has been acknowledged; two while a change is under way, or when the server died under it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { eachOf } from '../each-of.ts';

/** A digest, or that there is nothing. */
export type Held = string;
export const ABSENT: Held = 'absent';

interface Server {
  fetch(path: string): Promise<Response>;
}

export class Ledger {
  readonly #paths = new Map<string, ReadonlySet<Held>>();
  /** How often an answer has been checked. */
  checks = 0;

  get size(): number {
    return this.#paths.size;
  }

  /** Paths of which it is certain that they hold something, by what they begin with. */
  held(prefix: string): readonly string[] {
    return [...this.#paths].flatMap(([path, held]) =>
      path.startsWith(prefix) && held.size === 1 && !held.has(ABSENT) ? [path] : [],
    );
  }

  /** Paths that may hold this digest, by what they begin with. */
  naming(prefix: string, digest: string): readonly string[] {
    return [...this.#paths].flatMap(([path, held]) =>
      path.startsWith(prefix) && held.has(digest) ? [path] : [],
    );
  }

  /** A change of these paths begins; call what it returns once the server has acknowledged it. */
  begin(paths: readonly string[], held: Held): () => void {
    for (const path of paths)
      this.#paths.set(path, new Set([...(this.#paths.get(path) ?? [ABSENT]), held]));
    return () => {
      for (const path of paths) this.#paths.set(path, new Set([held]));
    };
  }

  /** Asks the server for everything: each answer has to be one of the right ones, byte for byte, and is the only right one afterwards. */
  async check(server: Server): Promise<void> {
    await eachOf([...this.#paths], async ([path, right]) => {
      const held = await look(server, path);
      assert.ok(right.has(held), `${path} is ${held}, expected ${[...right].join(' or ')}`);
      this.#paths.set(path, new Set([held]));
      this.checks += 1;
    });
  }
}

async function look(server: Server, path: string): Promise<Held> {
  const response = await server.fetch(path);
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status === 404) return ABSENT;
  assert.equal(response.status, 200, `${path}: ${response.status} ${body.toString()}`);
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}
