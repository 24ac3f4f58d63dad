import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ran } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-clients-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** Docker Hub, one with a port and an alias, one with a port only. */
const config = file('config.json', {
  upstreams: {
    'docker.io': {},
    'reg.corp:5000': { url: 'http://reg.corp:5000', aliases: ['reg'] },
    'old.corp:5000': {},
  },
});

const plain = ['--config', config, '--url', 'http://mirror:5000'];
const secure = ['--config', config, '--url', 'https://mirror.corp'];

test('docker is told the mirror and, where it speaks http, that this is meant', async () => {
  const { code, out, err } = await ran(['client-config', 'docker', ...plain]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), {
    'registry-mirrors': ['http://mirror:5000'],
    'insecure-registries': ['mirror:5000'],
  });
  assert.match(err, /\/etc\/docker\/daemon\.json/);
  assert.match(err, /docker pull mirror:5000\/reg\/NAME:TAG/);
  const over = await ran(['client-config', 'docker', ...secure]);
  assert.deepEqual(JSON.parse(over.out), { 'registry-mirrors': ['https://mirror.corp'] });
});

test('docker is told nothing where bare names mean another registry than docker.io', async () => {
  for (const content of [
    { upstreams: { 'ghcr.io': {} } },
    { upstreams: { 'docker.io': {}, 'ghcr.io': {} }, defaultUpstream: 'ghcr.io' },
  ]) {
    const other = file('other.json', content);
    const { code, out, err } = await ran(['client-config', 'docker', '--config', other]);
    assert.deepEqual([code, out], [2, '']);
    assert.match(
      err,
      /^defaultUpstream: got (?:null|"ghcr\.io"), but Docker can only mirror docker\.io/,
    );
  }
  const hub = file('hub.json', { upstreams: { 'hub.corp': { aliases: ['docker.io'] } } });
  assert.equal((await ran(['client-config', 'docker', '--config', hub])).code, 0);
});

test('containerd gets a hosts.toml for every host that images may name', async () => {
  const { code, out } = await ran(['client-config', 'containerd', ...plain]);
  const expected = [
    ['docker.io', 'https://registry-1.docker.io'],
    ['reg.corp:5000', 'http://reg.corp:5000'],
    ['reg', 'http://reg.corp:5000'],
    ['old.corp:5000', 'https://old.corp:5000'],
  ].map(
    ([host, server]) => `mkdir -p '/etc/containerd/certs.d/${host}'
cat > '/etc/containerd/certs.d/${host}/hosts.toml' <<'EOF'
server = "${server}"

[host."http://mirror:5000"]
  capabilities = ["pull", "resolve"]
EOF
`,
  );
  assert.deepEqual([code, out], [0, expected.join('\n')]);
});

test('podman gets a registry with a mirror under its prefix, and is told what it cannot have', async () => {
  const { code, out, err } = await ran(['client-config', 'podman', ...plain]);
  assert.equal(code, 0);
  assert.equal(
    out,
    `[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "mirror:5000/docker.io"
insecure = true

[[registry]]
prefix = "reg.corp:5000"
location = "reg.corp:5000"
insecure = true

[[registry.mirror]]
location = "mirror:5000/reg"
insecure = true

[[registry]]
prefix = "reg"
location = "reg"
insecure = true

[[registry.mirror]]
location = "mirror:5000/reg"
insecure = true
`,
  );
  assert.match(err, /old\.corp:5000 is left out/);
  const over = await ran(['client-config', 'podman', ...secure]);
  assert.match(over.out, /location = "mirror\.corp\/docker\.io"\n\n/);
});

test('buildkit gets a mirror per registry, and the mirror itself as one that speaks http', async () => {
  const { code, out } = await ran(['client-config', 'buildkit', ...plain]);
  assert.equal(code, 0);
  assert.equal(
    out,
    `[registry."docker.io"]
  mirrors = ["mirror:5000/docker.io"]

[registry."reg.corp:5000"]
  mirrors = ["mirror:5000/reg"]

[registry."reg"]
  mirrors = ["mirror:5000/reg"]

[registry."old.corp:5000"]
  mirrors = ["mirror:5000"]

[registry."mirror:5000"]
  http = true
`,
  );
  assert.doesNotMatch((await ran(['client-config', 'buildkit', ...secure])).out, /http = true/);
});

test('k3s gets endpoints whose path states the registry', async () => {
  const { code, out } = await ran(['client-config', 'k3s', ...plain]);
  assert.equal(code, 0);
  assert.equal(
    out,
    `mirrors:
  "docker.io":
    endpoint:
      - "http://mirror:5000/v2/docker.io"
  "reg.corp:5000":
    endpoint:
      - "http://mirror:5000/v2/reg"
  "reg":
    endpoint:
      - "http://mirror:5000/v2/reg"
  "old.corp:5000":
    endpoint:
      - "http://mirror:5000"
`,
  );
});

test('without --url the address is the listener of the configuration', async () => {
  const { out, err } = await ran(['client-config', 'k3s', '--config', config], {
    HOLDFAST_LISTEN: '[::1]:6000',
  });
  assert.match(out, /- "http:\/\/\[::1\]:6000\/v2\/docker\.io"/);
  assert.match(err, /only this machine reaches/);
  const picked = await ran(['client-config', 'k3s', '--config', config], {
    HOLDFAST_LISTEN: '127.0.0.1:0',
  });
  assert.deepEqual([picked.code, picked.out], [2, '']);
  assert.match(picked.err, /^listen\.port: is 0, so state the address with --url$/m);
});
