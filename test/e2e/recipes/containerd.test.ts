/** The hosts.toml files of docs/clients/containerd.md, kind.md and k3s.md with the real containerd. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeUpstream } from '../../helpers/fake-upstream.ts';
import { fill, snippet } from '../../helpers/snippet.ts';
import { RECIPE_IMAGE, startRecipeContainerd } from '../recipe-clients.ts';
import { openRecipeStage, type RecipeStage } from '../recipe-stage.ts';

/** Nothing listens there: giving up on the mirror fails at once. */
const NOWHERE = 'https://127.0.0.1:1';
const ALPINE = RECIPE_IMAGE;
const APP = 'ghcr.io/org/app:1';

function addressOf({ holdfast }: RecipeStage): string {
  return `127.0.0.1:${holdfast.port}`;
}

function fetchedFor(upstream: FakeUpstream, repository: string): number {
  return upstream.count('GET', new RegExp(`^/v2/${repository}/blobs/`));
}

test('a hosts.toml per registry', async (t) => {
  const stage = await openRecipeStage(t);
  const text = snippet('clients/containerd.md', 'hosts.toml');
  const [server] = /"https:\/\/registry-1\.docker\.io"/.exec(text) ?? [];
  const hosts = fill(text, {
    'mirror.example:5000': addressOf(stage),
    [server ?? '?']: `"${NOWHERE}"`,
  });
  const pull = await startRecipeContainerd(t, { 'docker.io': hosts, 'ghcr.io': hosts });
  await pull(ALPINE);
  await pull(APP);
  assert.equal(fetchedFor(stage.upstream, 'library/alpine'), 2);
  assert.equal(fetchedFor(stage.upstream, 'org/app'), 2);
});

for (const [page, name] of [
  ['clients/containerd.md', 'default'],
  ['clients/kind.md', 'hosts.toml'],
] as const) {
  test(`one hosts.toml for all registries, as ${page} has it`, async (t) => {
    const stage = await openRecipeStage(t);
    const text = fill(snippet(page, name), { 'mirror.example:5000': addressOf(stage) });
    const pull = await startRecipeContainerd(t, { _default: text });
    await pull(ALPINE);
    await pull(APP);
    assert.equal(fetchedFor(stage.upstream, 'org/app'), 2);
  });
}

test("k3s's endpoints, as k3s tells containerd of them", async (t) => {
  const stage = await openRecipeStage(t);
  const text = fill(snippet('clients/k3s.md', 'registries.yaml'), {
    'mirror.example:5000': addressOf(stage),
  });
  const endpoints = [...text.matchAll(/^ {2}['"](.+)['"]:\n {4}endpoint:\n {6}- ['"](.+)['"]$/gm)];
  assert.equal(endpoints.length, 2);
  const hosts = Object.fromEntries(
    endpoints.map(([, registry = '', endpoint = '']) => [
      registry,
      `server = "${NOWHERE}"

[host."${endpoint}"]
  capabilities = ["pull", "resolve"]
  override_path = true
`,
    ]),
  );
  const pull = await startRecipeContainerd(t, hosts);
  await pull(ALPINE);
  await pull(APP);
  assert.equal(fetchedFor(stage.upstream, 'library/alpine'), 2);
  assert.equal(fetchedFor(stage.upstream, 'org/app'), 2);
});
