/** What `client-config` prints and what the pages of docs/clients/ show is the same. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { htpasswd as accounts } from '../e2e/logins.ts';
import { snippet } from '../helpers/snippet.ts';
import { ran } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-recipes-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const REGISTRIES = { upstreams: { 'docker.io': {}, 'ghcr.io': {} } };
const config = file('config.json', JSON.stringify(REGISTRIES));

async function printed(client: string, from = config): Promise<string> {
  const url = ['--url', 'http://mirror.example:5000'];
  const { code, out, err } = await ran(['client-config', client, '--config', from, ...url]);
  assert.equal(code, 0, err);
  return out;
}

const shown = (name: string): unknown => JSON.parse(snippet('clients/docker.md', name));

test('docker', async () => {
  assert.deepEqual(JSON.parse(await printed('docker')), shown('daemon.json'));
  const htpasswd = file('htpasswd', accounts());
  const secured = file('secured.json', JSON.stringify({ ...REGISTRIES, auth: { htpasswd } }));
  assert.deepEqual(JSON.parse(await printed('docker', secured)), shown('accounts'));
});

test('containerd', async () => {
  const script = await printed('containerd');
  const hosts = snippet('clients/containerd.md', 'hosts.toml');
  const [, forDocker, , forGithub] = script.split(/<<'EOF'\n|EOF\n/);
  assert.equal(forDocker, hosts);
  assert.equal(forGithub, hosts.replace('registry-1.docker.io', 'ghcr.io'));
});

test('podman, buildkit and k3s', async () => {
  assert.equal(await printed('podman'), snippet('clients/podman.md', 'registries.conf'));
  assert.equal(await printed('buildkit'), snippet('clients/buildkit.md', 'buildkitd.toml'));
  // Either quotes are YAML.
  const page = snippet('clients/k3s.md', 'registries.yaml').replaceAll("'", '"');
  assert.equal(await printed('k3s'), page);
});

test('the page on CI says the same as the others', () => {
  const page = 'clients/ci.md';
  const buildkit = snippet('clients/buildkit.md', 'buildkitd.toml').trimEnd();
  const indented = buildkit.replace(/^(?=.)/gm, '      ');
  assert.ok(snippet(page, 'github-buildx').includes(indented));
  const [daemon = ''] = /\{.*\}/.exec(snippet(page, 'github-daemon')) ?? [];
  assert.deepEqual(JSON.parse(daemon), shown('daemon.json'));
  const gitlab = snippet(page, 'gitlab');
  const flag = (name: string): string | undefined =>
    new RegExp(`- --${name}=(\\S+)`).exec(gitlab)?.[1];
  assert.deepEqual(
    {
      'registry-mirrors': [flag('registry-mirror')],
      'insecure-registries': [flag('insecure-registry')],
    },
    shown('daemon.json'),
  );
});
