/** docs/tls.md with real clients and an authority that nobody knows until they are told. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cleanUp } from '../../helpers/clean-up.ts';
import { temporaryDirectory } from '../../helpers/mirror.ts';
import { fill, snippet } from '../../helpers/snippet.ts';
import { type Environment, programEnvironment, run } from '../command.ts';
import { ContainerdDaemon } from '../containerd-daemon.ts';
import { ContainersHome } from '../containers-home.ts';
import { Dockerd } from '../dockerd.ts';
import { openRecipeStage } from '../recipe-stage.ts';

const UNKNOWN_AUTHORITY = /certificate signed by unknown authority/;

interface Secured {
  /** Where the authority's `ca.crt` lies. */
  readonly dir: string;
  readonly port: number;
}

/** Holdfast as the page sets it up, with the certificate that the page has made. */
async function secured(t: TestContext, host = '127.0.0.1'): Promise<Secured> {
  const dir = await temporaryDirectory(t);
  await shell(t, dir, snippet('tls.md', 'authority'));
  await shell(
    t,
    dir,
    fill(snippet('tls.md', 'certificate'), {
      'mirror.example': 'localhost',
      'IP:192.0.2.10': 'IP:127.0.0.1, IP:::1',
    }),
  );
  const text = fill(snippet('tls.md', 'config'), {
    '0.0.0.0': host,
    '5000': '0',
    '/etc/holdfast': dir,
  });
  const config = JSON.parse(text) as object;
  const { holdfast } = await openRecipeStage(t, { ...config, auth: { anonymous: 'push' } });
  return { dir, port: holdfast.port };
}

/** Runs the page's commands in a folder; the test is root already. */
function shell(t: TestContext, dir: string, commands: string, environment?: Environment) {
  const script = `cd '${dir}'\n${commands.replaceAll('sudo ', '')}`;
  return run('sh', ['-euc', script], environment ?? programEnvironment(), t.signal);
}

/** Puts the authority where a client looks for it, as the page says, until the end of the test. */
async function trust(t: TestContext, { dir }: Secured, name: 'docker' | 'podman', host: string) {
  const folder = name === 'docker' ? '/etc/docker/certs.d' : '/etc/containers/certs.d';
  cleanUp(t, () => rm(join(folder, host), { recursive: true, force: true }));
  await shell(t, dir, fill(snippet('tls.md', name), { 'mirror.example:5000': host }));
}

test('podman and skopeo trust the authority in their certs.d, and push and pull with it', async (t) => {
  const server = await secured(t);
  const host = `localhost:${server.port}`;
  const home = await ContainersHome.openWith(
    join(server.dir, 'podman'),
    await emptyRegistriesConf(server.dir),
  );
  cleanUp(t, () => home.remove());
  const podman = (...args: readonly string[]) => run('podman', args, home.environment, t.signal);
  const inspect = () =>
    run(
      'skopeo',
      ['inspect', '--no-tags', `docker://${host}/library/alpine:3.22`],
      programEnvironment(),
      t.signal,
    );
  await assert.rejects(podman('pull', `${host}/library/alpine:3.22`), UNKNOWN_AUTHORITY);
  await assert.rejects(inspect(), UNKNOWN_AUTHORITY);
  await trust(t, server, 'podman', host);
  await podman('pull', `${host}/library/alpine:3.22`);
  await podman('push', `${host}/library/alpine:3.22`, `${host}/team/alpine:1`);
  await podman('pull', `${host}/team/alpine:1`);
  assert.match(await inspect(), /"Digest": "sha256:/);
});

async function emptyRegistriesConf(dir: string): Promise<string> {
  const file = join(dir, 'registries.conf');
  await writeFile(file, 'unqualified-search-registries = []\n');
  return file;
}

test('containerd trusts the authority that hosts.toml names', async (t) => {
  const server = await secured(t);
  const daemon = await ContainerdDaemon.open(join(server.dir, 'containerd'), t.signal);
  cleanUp(t, () => daemon.close());
  const hosts = join(server.dir, 'certs.d');
  await mkdir(join(hosts, 'docker.io'), { recursive: true });
  const text = fill(snippet('tls.md', 'containerd'), {
    // Nothing listens there: giving up on the mirror fails at once.
    'https://registry-1.docker.io': 'https://127.0.0.1:1',
    'mirror.example:5000': `localhost:${server.port}`,
    '/etc/containerd/certs.d/ca.crt': join(server.dir, 'ca.crt'),
  });
  const pull = async (toml: string): Promise<string> => {
    await writeFile(join(hosts, 'docker.io/hosts.toml'), toml);
    const image = 'docker.io/library/alpine:3.22';
    return daemon.ctr(['images', 'pull', '--hosts-dir', hosts, image], t.signal);
  };
  await assert.rejects(
    pull(text.replace(/^.*ca = .*\n/m, '')),
    /unknown authority|connection refused/,
  );
  await pull(text);
});

test('docker trusts the authority in its certs.d', async (t) => {
  // Docker checks no certificate of 127.0.0.0/8.
  const server = await secured(t, '::1');
  const host = `[::1]:${server.port}`;
  const settings = { 'registry-mirrors': [`https://${host}`] };
  const docker = await Dockerd.open(join(server.dir, 'docker'), settings, t.signal);
  cleanUp(t, () => docker.close());
  const pull = () => docker.docker(['pull', '--quiet', 'alpine:3.22'], t.signal);
  await assert.rejects(pull());
  assert.match(await readFile(join(server.dir, 'docker/log'), 'utf8'), UNKNOWN_AUTHORITY);
  await trust(t, server, 'docker', host);
  await pull();
});
