import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FakeUpstream } from '../helpers/fake-upstream.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { ask, startHoldfast, startUpstream } from '../helpers/mirror.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

interface TwoUpstreams {
  readonly hub: FakeUpstream;
  readonly corp: FakeUpstream;
  readonly holdfast: Holdfast;
}

/** The default upstream `docker.io`, and `corp.example` with an alias that has a port. */
async function start(t: TestContext): Promise<TwoUpstreams> {
  const [hub, corp] = await Promise.all([startUpstream(t), startUpstream(t)]);
  const holdfast = await startHoldfast(t, {
    config: {
      defaultUpstream: 'docker.io',
      upstreams: {
        'docker.io': { url: hub.url },
        'corp.example': { url: corp.url, aliases: ['corp.example:5001', 'old.example'] },
      },
    },
  });
  return { hub, corp, holdfast };
}

function paths({ requests }: FakeUpstream): readonly string[] {
  return requests.map(({ method, url }) => `${method} ${url}`);
}

/** [what, path, upstream that is asked, for what, OCI-Namespace] */
const RESOLVED: readonly (readonly [string, string, 'hub' | 'corp', string, string | null])[] = [
  ['a bare name', '/v2/team/app/manifests/1', 'hub', 'team/app', null],
  ['a bare name without a slash', '/v2/app/manifests/1', 'hub', 'library/app', null],
  ['a prefix', '/v2/corp.example/team/app/manifests/1', 'corp', 'team/app', null],
  ['the prefix of Docker Hub', '/v2/docker.io/app/manifests/1', 'hub', 'library/app', null],
  ['a prefix before one component', '/v2/corp.example/app/manifests/1', 'corp', 'app', null],
  ['an alias as prefix', '/v2/old.example/team/app/manifests/1', 'corp', 'team/app', null],
  ['an alias of Docker Hub', '/v2/index.docker.io/team/app/manifests/1', 'hub', 'team/app', null],
  ['a prefix with a port', '/v2/corp.example:5001/app/manifests/1', 'corp', 'app', null],
  ['ns alone', '/v2/team/app/manifests/1?ns=corp.example', 'corp', 'team/app', 'corp.example'],
  ['ns of Docker Hub', '/v2/app/manifests/1?ns=docker.io', 'hub', 'library/app', 'docker.io'],
  ['ns by an alias', '/v2/app/manifests/1?ns=old.example', 'corp', 'app', 'old.example'],
  ['ns in capitals', '/v2/app/manifests/1?ns=Corp.Example', 'corp', 'app', 'Corp.Example'],
  [
    'ns with the default port',
    '/v2/app/manifests/1?ns=corp.example:443',
    'corp',
    'app',
    'corp.example:443',
  ],
  [
    'ns and the prefix of the same upstream',
    '/v2/corp.example/team/app/manifests/1?ns=corp.example',
    'corp',
    'team/app',
    'corp.example',
  ],
  [
    'ns and an alias of the same upstream as prefix',
    '/v2/index.docker.io/app/manifests/1?ns=docker.io',
    'hub',
    'library/app',
    'docker.io',
  ],
  [
    'ns and the prefix of another upstream, which is part of the name then',
    '/v2/docker.io/library/app/manifests/1?ns=corp.example',
    'corp',
    'docker.io/library/app',
    'corp.example',
  ],
];

for (const [what, path, upstream, repository, namespace] of RESOLVED) {
  test(`${what} means ${repository} of ${upstream}`, async (t) => {
    const all = await start(t);
    const image = all[upstream].addImage(repository, '1');
    const reply = await ask(all.holdfast, path);
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.body, image.manifest);
    assert.equal(reply.headers.get('oci-namespace'), namespace);
    assert.deepEqual(paths(all[upstream]), [`GET /v2/${repository}/manifests/1`]);
    assert.deepEqual(paths(upstream === 'hub' ? all.corp : all.hub), []);
  });
}

test('an unknown ns is 404, also with a known prefix, and nobody is asked', async (t) => {
  const { hub, corp, holdfast } = await start(t);
  corp.addImage('app', '1');
  hub.addImage('library/app', '1');
  for (const path of [
    '/v2/app/manifests/1?ns=evil.example',
    '/v2/corp.example/app/manifests/1?ns=evil.example',
    `/v2/app/manifests/1?ns=${encodeURIComponent(corp.url)}`,
    `/v2/app/manifests/1?ns=127.0.0.1:${corp.port}`,
    '/v2/app/manifests/1?ns=',
    // Lower-cased, the Kelvin sign is a k.
    '/v2/app/manifests/1?ns=doc%E2%84%AAer.io',
  ]) {
    const reply = await ask(holdfast, path);
    assert.equal(reply.status, 404, path);
    assert.equal(reply.code, 'NAME_UNKNOWN', path);
    assert.equal(reply.headers.get('oci-namespace'), null);
  }
  assert.deepEqual([...paths(hub), ...paths(corp)], []);
});

test('a ns that names this very server means what a bare name means', async (t) => {
  const { hub, holdfast } = await start(t);
  hub.addImage('library/app', '1');
  const reply = await ask(holdfast, `/v2/app/manifests/1?ns=127.0.0.1:${holdfast.port}`);
  assert.equal(reply.status, 200);
});

test('ns leads blobs, tags and referrers the same way as manifests', async (t) => {
  const { hub, corp, holdfast } = await start(t);
  const image = corp.addImage('team/app', '1', { layers: [5000] });
  const subject = image.manifestDigest;
  const referrer = corp.addImage('team/app', undefined, { subject, layers: [10] });
  const [layer] = image.layerDigests;

  const blob = await ask(holdfast, `/v2/team/app/blobs/${layer}?ns=corp.example`);
  assertSameBytes(blob.body, image.layers[0]);
  assert.equal(blob.headers.get('oci-namespace'), 'corp.example');
  const tags = await ask(holdfast, '/v2/team/app/tags/list?ns=corp.example');
  assert.deepEqual(JSON.parse(tags.body.toString()), { name: 'team/app', tags: ['1'] });
  assert.equal(tags.headers.get('oci-namespace'), 'corp.example');
  const referrers = await ask(holdfast, `/v2/team/app/referrers/${subject}?ns=corp.example`);
  const listed = JSON.parse(referrers.body.toString()) as { manifests: { digest: string }[] };
  assert.deepEqual(
    listed.manifests.map(({ digest }) => digest),
    [referrer.manifestDigest],
  );
  assert.deepEqual(paths(hub), []);
});

test('a name that is none is refused before anybody is asked', async (t) => {
  const { hub, corp, holdfast } = await start(t);
  for (const name of [
    'Upper/Case',
    'a..b',
    'corp.example/Upper',
    'docker.io',
    `corp.example/${'a'.repeat(256)}`,
    'corp.example/a%2fb',
  ]) {
    const reply = await ask(holdfast, `/v2/${name}/manifests/1`);
    assert.equal(reply.status, 400, name);
    assert.equal(reply.code, 'NAME_INVALID', name);
  }
  assert.deepEqual([...paths(hub), ...paths(corp)], []);
});

test('without a default upstream a bare name is hosted or unknown', async (t) => {
  const hub = await startUpstream(t);
  hub.addImage('library/app', '1');
  const holdfast = await startHoldfast(t, {
    config: { defaultUpstream: null, upstreams: { 'docker.io': { url: hub.url } } },
  });
  assert.equal((await ask(holdfast, '/v2/app/manifests/1')).code, 'NAME_UNKNOWN');
  assert.equal((await ask(holdfast, '/v2/docker.io/app/manifests/1')).status, 200);
});
