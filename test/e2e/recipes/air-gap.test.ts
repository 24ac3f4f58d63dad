/** The way over an air gap in docs/archives.md: what a mirror gave here, clients pull there by the same names. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ArchiveCommands } from '../../cli/archive-commands.ts';
import { startHoldfast, temporaryDirectory } from '../../helpers/mirror.ts';
import { fill, snippet } from '../../helpers/snippet.ts';
import { programEnvironment, run } from '../command.ts';
import { layerOf } from '../layer.ts';
import { hostArchitecture } from '../manifest-json.ts';
import { openRecipeHome, recipeRegistriesConf, startRecipeContainerd } from '../recipe-clients.ts';
import { openRecipeStage } from '../recipe-stage.ts';

/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:1';
const HUB_IMAGE = 'docker.io/library/app:1';
const OTHER_IMAGE = 'ghcr.io/org/app:1';

test('podman, skopeo and containerd pull what was imported, and its signatures are there', async (t) => {
  const { holdfast, upstream } = await openRecipeStage(t);
  const other = hostArchitecture === 'arm64' ? 'amd64' : 'arm64';
  const children = [hostArchitecture, other].map((architecture) => {
    const platform = { os: 'linux', architecture };
    const layers = [layerOf('random', randomBytes(5_000_000))];
    const made = upstream.addImage('library/app', undefined, { layers, platform });
    return { digest: made.manifestDigest, config: made.configDigest, platform };
  });
  const index = upstream.addIndex('library/app', '1', children);
  const artifactType = 'application/vnd.cncf.notary.signature';
  const signature = upstream.addImage('library/app', undefined, { subject: index, artifactType });

  const commands = await ArchiveCommands.for(t, holdfast);
  const tar = commands.path('images.tar');
  const there = await startHoldfast(t, {
    upstreams: { 'docker.io': NOWHERE, 'ghcr.io': NOWHERE },
    config: { offline: true, pins: ['**'] },
  });
  for (const args of [
    ['export', HUB_IMAGE, OTHER_IMAGE, '-o', tar],
    ['import', tar, '--full-names', '--server', there.url],
  ]) {
    const { code, err } = await commands.run(args);
    assert.equal(code, 0, err);
  }
  await upstream.stop();
  await holdfast.close();

  const address = `127.0.0.1:${there.port}`;
  const { environment } = await openRecipeHome(t, address);
  const id = await run('podman', ['pull', '--quiet', HUB_IMAGE], environment, t.signal);
  assert.equal(`sha256:${id.trim()}`, children[0]?.config);
  await run('podman', ['pull', '--quiet', OTHER_IMAGE], environment, t.signal);
  const dir = await temporaryDirectory(t);
  const conf = await recipeRegistriesConf(dir, address);
  const copy = ['copy', '--all', '--preserve-digests'];
  for (const image of [`docker.io/library/app@${index}`, OTHER_IMAGE]) {
    const name = image.replaceAll(/\W/g, '-');
    const args = ['--registries-conf', conf, ...copy, `docker://${image}`, `dir:${dir}/${name}`];
    await run('skopeo', args, programEnvironment(), t.signal);
  }
  const hosts = fill(snippet('clients/containerd.md', 'default'), {
    'mirror.example:5000': address,
  });
  const pull = await startRecipeContainerd(t, { _default: hosts });
  for (const image of [HUB_IMAGE, OTHER_IMAGE]) await pull(image);
  const referrers = await there.fetch(`/v2/library/app/referrers/${index}?ns=docker.io`);
  assert.match(await referrers.text(), new RegExp(signature.manifestDigest));
});
