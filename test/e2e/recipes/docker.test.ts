/** docs/clients/docker.md with the real docker. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { cleanUp } from '../../helpers/clean-up.ts';
import { temporaryDirectory } from '../../helpers/mirror.ts';
import { fill, snippet } from '../../helpers/snippet.ts';
import { Dockerd } from '../dockerd.ts';
import { htpasswd } from '../logins.ts';
import { openRecipeStage } from '../recipe-stage.ts';

const PAGE = 'clients/docker.md';

/** A daemon with the daemon.json that the page has under this name, for the mirror at this address. */
async function startDocker(
  t: TestContext,
  name: string,
  address: string,
  instead = 'mirror.example:5000',
) {
  const dir = await temporaryDirectory(t);
  const text = fill(snippet(PAGE, name), { [instead]: address });
  const dockerd = await Dockerd.open(dir, JSON.parse(text) as object, t.signal);
  cleanUp(t, () => dockerd.close());
  return {
    /** Runs the commands that the page has under this name. */
    run: async (commands: string): Promise<void> => {
      for (const line of snippet(PAGE, commands).trimEnd().split('\n')) {
        const [docker, ...args] = line.replaceAll('mirror.example:5000', address).split(' ');
        assert.equal(docker, 'docker');
        await dockerd.docker(args, t.signal);
      }
    },
  };
}

test('docker pulls from Docker Hub and by name, and pushes', async (t) => {
  const { holdfast, upstream } = await openRecipeStage(t);
  const docker = await startDocker(t, 'daemon.json', `127.0.0.1:${holdfast.port}`);
  await docker.run('pull');
  assert.equal(upstream.count('GET', /^\/v2\/library\/alpine\/blobs\//), 2);
  await docker.run('other');
  assert.equal(upstream.count('GET', /^\/v2\/org\/app\/blobs\//), 2);
  await docker.run('push');
});

test('with accounts an old docker mirrors through an entrance on a port of its own', async (t) => {
  const file = join(await temporaryDirectory(t), 'htpasswd');
  await writeFile(file, htpasswd());
  const { listen } = JSON.parse(snippet(PAGE, 'mirror-port')) as { listen: { mirrorPort: number } };
  assert.equal(listen.mirrorPort, 5001);
  const { holdfast, upstream } = await openRecipeStage(t, {
    listen: { ...listen, host: '127.0.0.1', port: 0, mirrorPort: 0 },
    auth: { htpasswd: file },
  });
  const { host } = new URL(holdfast.mirrorUrl);
  const docker = await startDocker(t, 'old-engine', host, 'mirror.example:5001');
  await docker.run('pull');
  assert.equal(upstream.count('GET', /^\/v2\/library\/alpine\/blobs\//), 2);
});

test('the entrance of the page is there, and asks nobody to sign in', async (t) => {
  const file = join(await temporaryDirectory(t), 'htpasswd');
  await writeFile(file, htpasswd());
  const { holdfast } = await openRecipeStage(t, { auth: { htpasswd: file } });
  const settings = JSON.parse(snippet(PAGE, 'accounts')) as { 'registry-mirrors': [string] };
  const { pathname } = new URL(settings['registry-mirrors'][0]);
  assert.equal((await holdfast.fetch(`${pathname}/v2/`)).status, 200);
  const manifest = `${pathname}/v2/library/alpine/manifests/3.22`;
  assert.equal((await holdfast.fetch(manifest)).status, 200);
  assert.equal((await holdfast.fetch('/v2/')).status, 401);
});
