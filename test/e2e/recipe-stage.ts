import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Holdfast } from '../helpers/holdfast.ts';
import { startHoldfast, startUpstream } from '../helpers/mirror.ts';
import type { FakeUpstream } from '../helpers/fake-upstream.ts';
import { layerOf } from './layer.ts';
import { hostArchitecture } from './manifest-json.ts';

/** Above what a proxy takes by default, so that its limit would show. */
const LAYER_BYTES = 4_000_000;

export interface RecipeStage {
  readonly holdfast: Holdfast;
  /** Plays every registry that is mirrored. */
  readonly upstream: FakeUpstream;
}

/**
 * What the recipes of the documentation are tried on: Holdfast with its clients' usual registries, `docker.io` the default, and an
 * image in it that any client can unpack: `library/alpine:3.22`, and `org/app:1` for a registry other than Docker's.
 */
export async function openRecipeStage(t: TestContext, config: object = {}): Promise<RecipeStage> {
  const upstream = await startUpstream(t);
  const platform = { os: 'linux', architecture: hostArchitecture };
  for (const [repository, tag] of [
    ['library/alpine', '3.22'],
    ['org/app', '1'],
  ] as const) {
    const layers = [layerOf('random', randomBytes(LAYER_BYTES))];
    upstream.addImage(repository, tag, { layers, platform });
  }
  const { url } = upstream;
  const holdfast = await startHoldfast(t, {
    upstreams: { 'docker.io': url, 'ghcr.io': url },
    config,
  });
  return { holdfast, upstream };
}
