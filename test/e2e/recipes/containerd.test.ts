/** The hosts.toml files of docs/clients/containerd.md, kind.md and k3s.md with the real containerd. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cleanUp } from '../../helpers/clean-up.ts';
import type { FakeUpstream } from '../../helpers/fake-upstream.ts';
import { temporaryDirectory } from '../../helpers/mirror.ts';
import { fill, snippet } from '../../helpers/snippet.ts';
import { ContainerdDaemon } from '../containerd-daemon.ts';
import { openRecipeStage, type RecipeStage } from '../recipe-stage.ts';

/** Nothing listens there: giving up on the mirror fails at once. */
const NOWHERE = 'https://127.0.0.1:1';
const ALPINE = 'docker.io/library/alpine:3.22';
const APP = 'ghcr.io/org/app:1';

/** Registry → its hosts.toml. */
type Hosts = Readonly<Record<string, string>>;

/** containerd with these files as its `certs.d`; pulls with the page's own command. */
async function startContainerd(t: TestContext, hosts: Hosts) {
  const dir = await temporaryDirectory(t);
  const folder = join(dir, 'certs.d');
  for (const [registry, text] of Object.entries(hosts)) {
    await mkdir(join(folder, registry), { recursive: true });
    await writeFile(join(folder, registry, 'hosts.toml'), text);
  }
  const daemon = await ContainerdDaemon.open(join(dir, 'containerd'), t.signal);
  cleanUp(t, () => daemon.close());
  return async (image: string): Promise<void> => {
    const command = fill(snippet('clients/containerd.md', 'pull'), {
      '/etc/containerd/certs.d': folder,
      [ALPINE]: image,
    });
    const [ctr, ...args] = command.trim().split(' ');
    assert.equal(ctr, 'ctr');
    await daemon.ctr(args, t.signal);
  };
}

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
  const pull = await startContainerd(t, { 'docker.io': hosts, 'ghcr.io': hosts });
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
    const pull = await startContainerd(t, { _default: text });
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
  const pull = await startContainerd(t, hosts);
  await pull(ALPINE);
  await pull(APP);
  assert.equal(fetchedFor(stage.upstream, 'library/alpine'), 2);
  assert.equal(fetchedFor(stage.upstream, 'org/app'), 2);
});
