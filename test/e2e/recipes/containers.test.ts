/** docs/clients/podman.md and tools.md with the real podman, buildah and skopeo. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../helpers/mirror.ts';
import { fill, snippet } from '../../helpers/snippet.ts';
import { programEnvironment, run } from '../command.ts';
import { openRecipeHome, recipeRegistriesConf } from '../recipe-clients.ts';
import { openRecipeStage } from '../recipe-stage.ts';

test('podman pulls through the mirror and pushes to it', async (t) => {
  const { holdfast, upstream } = await openRecipeStage(t);
  const address = `127.0.0.1:${holdfast.port}`;
  const { environment } = await openRecipeHome(t, address);
  const commands = [
    snippet('clients/podman.md', 'pull'),
    'podman pull ghcr.io/org/app:1\n',
    fill(snippet('clients/podman.md', 'push'), { 'mirror.example:5000': address }),
  ];
  await run('sh', ['-euc', commands.join('')], environment, t.signal);
  assert.equal(upstream.count('GET', /^\/v2\/library\/alpine\/blobs\//), 2);
  assert.equal(upstream.count('GET', /^\/v2\/org\/app\/blobs\//), 2);
  const tags = await holdfast.fetch('/v2/team/alpine/tags/list');
  assert.deepEqual(await tags.json(), { name: 'team/alpine', tags: ['1'] });
});

test('buildah and skopeo mirror by the same file', async (t) => {
  const { holdfast, upstream } = await openRecipeStage(t);
  const address = `127.0.0.1:${holdfast.port}`;
  const { environment } = await openRecipeHome(t, address);
  await run('buildah', ['pull', 'ghcr.io/org/app:1'], environment, t.signal);
  assert.equal(upstream.count('GET', /^\/v2\/org\/app\/blobs\//), 2);
  const dir = await temporaryDirectory(t);
  const conf = await recipeRegistriesConf(dir, address);
  const image = 'docker://docker.io/library/alpine:3.22';
  const args = ['--registries-conf', conf, 'copy', image, `dir:${dir}/alpine`];
  await run('skopeo', args, programEnvironment(), t.signal);
  assert.equal(upstream.count('GET', /^\/v2\/library\/alpine\/blobs\//), 2);
});

test('skopeo is told the mirror by name', async (t) => {
  const { holdfast } = await openRecipeStage(t);
  const dir = await temporaryDirectory(t);
  const commands = fill(snippet('clients/tools.md', 'skopeo'), {
    'mirror.example:5000': `127.0.0.1:${holdfast.port}`,
  });
  const script = `cd '${dir}'\n${commands}`;
  const said = await run('sh', ['-euc', script], programEnvironment(), t.signal);
  assert.match(said, /"Tags": \[\s+"1"\s+\]/);
  assert.ok((await readdir(join(dir, 'app'))).includes('manifest.json'));
});
