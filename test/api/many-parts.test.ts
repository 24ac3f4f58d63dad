/** Images that are made to be told of at length: manifests of 4 MiB may name tens of thousands of others, again and again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageAnswer } from '../../src/api/image.ts';
import { tagsAnswer } from '../../src/api/tags.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { ask, startMirror } from '../helpers/mirror.ts';
import { get } from './api.ts';

const LAYERS = 20_000;
const ENTRIES = 20_000;

test('of an image with very many parts a bounded number is told', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const one = upstream.addImage('library/app', 'one', { layers: [10] });
  const [layer] = (JSON.parse(one.manifest.toString()) as { layers: object[] }).layers;
  const whole = JSON.parse(one.manifest.toString()) as object;
  const layers = Array.from({ length: LAYERS }, () => layer);
  const many = upstream.addManifest('library/app', 'many', { ...whole, layers }, one.mediaType);
  const platform = { os: 'linux', architecture: 'amd64' };
  const entries = Array.from({ length: ENTRIES }, () => ({ digest: many, platform }));
  const index = upstream.addIndex('library/app', 'index', entries, MediaType.ociIndex);
  for (const reference of ['many', many, 'index', index]) {
    const { status } = await ask(holdfast, `/v2/library/app/manifests/${reference}`);
    assert.equal(status, 200, reference);
  }
  const { platforms } = await get(holdfast, imageAnswer, '/image', { image: 'app:index' });
  assert.ok(platforms.length > 0 && platforms.length <= 200);
  assert.ok(platforms.flatMap((entry) => entry.layers).length <= 10_000);
  const { tags } = await get(holdfast, tagsAnswer, '/tags', { repository: 'app' });
  assert.ok(tags.every((tag) => tag.platforms.length <= 200));
});
