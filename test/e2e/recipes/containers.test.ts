/** docs/clients/podman.md and tools.md with the real podman, buildah and skopeo. */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cleanUp } from '../../helpers/clean-up.ts';
import { temporaryDirectory } from '../../helpers/mirror.ts';
import { fill, snippet } from '../../helpers/snippet.ts';
import { programEnvironment, run } from '../command.ts';
import { ContainersHome } from '../containers-home.ts';
import { openRecipeStage } from '../recipe-stage.ts';

/** The page's registries.conf for the mirror at this address, in a file. */
async function registriesConf(dir: string, address: string): Promise<string> {
  const file = join(dir, '50-holdfast.conf');
  const text = fill(snippet('clients/podman.md', 'registries.conf'), {
    'mirror.example:5000': address,
    // Nothing listens there: giving up on the mirror fails at once.
    'location = "docker.io"': 'location = "127.0.0.1:1"',
    'location = "ghcr.io"': 'location = "127.0.0.1:1"',
  });
  await writeFile(file, text);
  return file;
}

/** podman and buildah with a storage of their own and the page's registries.conf. */
async function openHome(t: TestContext, address: string): Promise<ContainersHome> {
  const dir = await temporaryDirectory(t);
  const registries = await registriesConf(dir, address);
  const home = await ContainersHome.openWith(join(dir, 'home'), registries);
  cleanUp(t, () => home.remove());
  return home;
}

test('podman pulls through the mirror and pushes to it', async (t) => {
  const { holdfast, upstream } = await openRecipeStage(t);
  const address = `127.0.0.1:${holdfast.port}`;
  const { environment } = await openHome(t, address);
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
  const { environment } = await openHome(t, address);
  await run('buildah', ['pull', 'ghcr.io/org/app:1'], environment, t.signal);
  assert.equal(upstream.count('GET', /^\/v2\/org\/app\/blobs\//), 2);
  const dir = await temporaryDirectory(t);
  const conf = await registriesConf(dir, address);
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
