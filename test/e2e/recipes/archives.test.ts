/** docs/archives.md with the real docker, podman and skopeo: what they save is imported, what is exported they load. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ArchiveCommands } from '../../cli/archive-commands.ts';
import { cleanUp } from '../../helpers/clean-up.ts';
import type { Holdfast } from '../../helpers/holdfast.ts';
import { startHoldfast, temporaryDirectory } from '../../helpers/mirror.ts';
import { pullImage } from '../../helpers/registry-client.ts';
import { programEnvironment, run } from '../command.ts';
import { ContainersHome } from '../containers-home.ts';
import { Dockerd } from '../dockerd.ts';
import { layerOf } from '../layer.ts';
import { hostArchitecture } from '../manifest-json.ts';
import { openRecipeStage } from '../recipe-stage.ts';

interface Stage {
  readonly holdfast: Holdfast;
  /** Across the air gap: nothing but what is imported. */
  readonly there: Holdfast;
  readonly commands: ArchiveCommands;
  /** Of `app:1`, an index of this machine's platform and another. */
  readonly index: string;
  /** The image of this machine's platform. */
  readonly image: { readonly digest: string; readonly config: string };
}

async function openStage(t: TestContext): Promise<Stage> {
  const { holdfast, upstream } = await openRecipeStage(t);
  const there = await startHoldfast(t, {});
  const other = hostArchitecture === 'arm64' ? 'amd64' : 'arm64';
  const children = [hostArchitecture, other].map((architecture) => {
    const platform = { os: 'linux', architecture };
    const layers = [layerOf('random', randomBytes(5_000_000)), layerOf('motd', randomBytes(99))];
    const made = upstream.content.addImage('library/app', undefined, { layers, platform });
    return { digest: made.manifestDigest, config: made.configDigest, platform };
  });
  const index = upstream.content.addIndex('library/app', '1', children);
  // It goes along in each archive, and no client may stumble over it.
  const artifactType = 'application/spdx+json';
  upstream.content.addImage('library/app', undefined, {
    subject: index,
    artifactType,
    layers: [99],
  });
  const [image] = children;
  assert.ok(image);
  return { holdfast, there, commands: await ArchiveCommands.for(t, holdfast), index, image };
}

async function succeed(commands: ArchiveCommands, ...args: string[]): Promise<void> {
  const { code, err } = await commands.run(args);
  assert.equal(code, 0, err);
}

/** The config of the image that a registry has under a name. */
async function configAt(registry: Holdfast, repository: string, tag: string): Promise<string> {
  await pullImage(registry.url, repository, tag);
  const manifest = await registry.fetch(`/v2/${repository}/manifests/${tag}`);
  return ((await manifest.json()) as { config: { digest: string } }).config.digest;
}

async function startDocker(t: TestContext, settings: object): Promise<Dockerd> {
  const dockerd = await Dockerd.open(await temporaryDirectory(t), settings, t.signal);
  cleanUp(t, () => dockerd.close());
  return dockerd;
}

for (const [store, settings] of [
  ['the classic', {}],
  ["containerd's", { features: { 'containerd-snapshotter': true } }],
] as const) {
  test(`docker load, docker save, in ${store} store`, async (t) => {
    const { there, commands, image } = await openStage(t);
    const docker = await startDocker(t, settings);
    const tar = commands.path('app.tar');
    await succeed(commands, 'export', 'app:1', '-o', tar);
    const said = await docker.docker(['load', '--input', tar], t.signal);
    assert.match(said, /app:1/);
    const saved = commands.path('saved.tar');
    await docker.docker(['save', '--output', saved, 'app:1'], t.signal);
    await succeed(commands, 'import', saved, '--server', there.url, '--to', 'saved/app:1');
    const root = await there.fetch('/v2/saved/app/manifests/1');
    const { manifests } = (await root.json()) as { manifests?: unknown };
    if (manifests === undefined) {
      assert.equal(await configAt(there, 'saved/app', '1'), image.config);
    } else {
      await pullImage(there.url, 'saved/app', image.digest);
    }
  });
}

test('podman load, podman save in both formats', async (t) => {
  const { holdfast, there, commands, image } = await openStage(t);
  const address = `127.0.0.1:${holdfast.port}`;
  const home = await ContainersHome.open(join(commands.folder, 'podman'), address);
  cleanUp(t, () => home.remove());
  const podman = (...args: string[]): Promise<string> =>
    run('podman', args, home.environment, t.signal);
  const tar = commands.path('app.tar');
  await succeed(commands, 'export', 'app:1', '-o', tar);
  const loaded = (await podman('load', '--input', tar)).trim().split(' ').at(-1) ?? '';
  assert.match(loaded, /app:1$/);
  for (const format of ['docker-archive', 'oci-archive']) {
    const saved = commands.path(`${format}.tar`);
    await podman('save', '--format', format, '--output', saved, loaded);
    await succeed(commands, 'import', saved, '--server', there.url, '--to', `${format}:1`);
    assert.equal(await configAt(there, format, '1'), image.config);
  }
});

test('skopeo reads both halves of an export, and what it writes is imported', async (t) => {
  const { holdfast, there, commands, image, index } = await openStage(t);
  const skopeo = (...args: string[]): Promise<string> =>
    run('skopeo', args, programEnvironment({ TMPDIR: commands.folder }), t.signal);
  const tar = commands.path('app.tar');
  await succeed(commands, 'export', 'app:1', '-o', tar);
  assert.ok((await readFile(tar)).includes('referrers.json'));
  const to = `docker://127.0.0.1:${there.port}/by/skopeo`;
  const plain = ['copy', '--dest-tls-verify=false'];
  await skopeo(...plain, '--all', '--preserve-digests', `oci-archive:${tar}:1`, `${to}:all`);
  const all = await there.fetch('/v2/by/skopeo/manifests/all');
  assert.equal(all.headers.get('docker-content-digest'), index);
  await skopeo(...plain, `docker-archive:${tar}`, `${to}:one`);
  assert.equal(await configAt(there, 'by/skopeo', 'one'), image.config);
  const from = `docker://127.0.0.1:${holdfast.port}/library/app:1`;
  for (const [format, path] of [
    ['docker-archive', commands.path('docker.tar')],
    ['oci-archive', commands.path('oci.tar')],
    ['oci', commands.path('layout')],
  ] as const) {
    await skopeo('copy', '--src-tls-verify=false', from, `${format}:${path}:app:1`);
    await succeed(commands, 'import', path, '--server', there.url, '--to', `from/${format}:1`);
    assert.equal(await configAt(there, `from/${format}`, '1'), image.config);
  }
});

test('zstd layers made here are unpacked there', async (t) => {
  const { holdfast, commands, image } = await openStage(t);
  const tar = commands.path('app.tar');
  await succeed(commands, 'export', 'app:1', '--platform', `linux/${hostArchitecture}`, '-o', tar);
  await succeed(commands, 'import', tar, '--to', 'team/zstd:1', '--compress', 'zstd');
  const address = `127.0.0.1:${holdfast.port}`;
  const home = await ContainersHome.open(join(commands.folder, 'podman'), address);
  cleanUp(t, () => home.remove());
  const name = `${address}/team/zstd:1`;
  const id = await run('podman', ['pull', '--quiet', name], home.environment, t.signal);
  assert.equal(`sha256:${id.trim()}`, image.config);
});
