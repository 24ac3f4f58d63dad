import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Gate } from '../helpers/gate.ts';
import { ask, MINUTE, startHoldfast, startMirror, startUpstream } from '../helpers/mirror.ts';

/** For what is never answered; everything else has the time that it takes on a busy machine. */
const IMPATIENT = { timeouts: { connect: '300ms', headers: '300ms', idle: '300ms' } };
/** So many in a row open the breaker. */
const QUICK_FAILURES = 5;
const DIGEST = `sha256:${'a'.repeat(64)}`;
/** What is not held, by every way to ask for content. */
const PATHS = [
  '/v2/library/app/manifests/1',
  `/v2/library/app/manifests/${DIGEST}`,
  `/v2/library/app/blobs/${DIGEST}`,
  '/v2/library/app/tags/list',
];

async function start(t: TestContext, upstream: object = {}) {
  const mirror = await startMirror(t, { upstream });
  mirror.upstream.addImage('library/app', '1');
  mirror.holdfast.clock.stop();
  return mirror;
}

test('while upstream refuses connections what is not held is a 502 with an error body', async (t) => {
  const { upstream, holdfast } = await start(t);
  await upstream.stop();
  for (const path of PATHS) {
    const { status, headers, body } = await ask(holdfast, path);
    assert.equal(status, 502, path);
    assert.equal(headers.get('content-type'), 'application/json');
    assert.equal(headers.get('content-length'), String(body.length));
    const { errors } = JSON.parse(body.toString()) as {
      errors: { code: string; message: string }[];
    };
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['UNKNOWN'],
    );
    assert.match(errors[0]?.message ?? '', /docker\.io/);
  }
  const head = await ask(holdfast, '/v2/docker.io/library/app/manifests/1', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body.length], [502, 0]);
});

for (const path of PATHS) {
  test(`an upstream that never answers is a 504 for ${path}, and nobody waits for it again`, async (t) => {
    const { upstream, holdfast } = await start(t, IMPATIENT);
    upstream.fault({ hang: true });
    const first = await ask(holdfast, path);
    assert.deepEqual([first.status, first.code], [504, 'UNKNOWN']);
    const asked = upstream.requests.length;
    assert.equal(asked, 1);
    for (const other of PATHS) assert.equal((await ask(holdfast, other)).status, 504);
    assert.equal((await ask(holdfast, '/v2/team/app/manifests/1')).status, 504);
    assert.equal(upstream.requests.length, asked);
  });
}

test('an upstream that takes connections and never says a word is given up as well', async (t) => {
  const { upstream, holdfast } = await start(t, IMPATIENT);
  upstream.fault({ hang: true });
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, index) => ask(holdfast, `/v2/library/app/manifests/t${index}`)),
  );
  assert.ok(replies.every(({ status }) => status === 504));
});

test('after a while one client at a time tries again, and its success opens the way for all', async (t) => {
  const { upstream, holdfast } = await start(t);
  await upstream.stop();
  for (let pulls = 0; pulls < QUICK_FAILURES; pulls++) await ask(holdfast, PATHS[0] ?? '');
  await upstream.restart();
  upstream.clear();
  holdfast.clock.advance(MINUTE);

  const gate = new Gate();
  const open = upstream.fault({ holdHeaders: gate });
  const probe = ask(holdfast, PATHS[0] ?? '');
  await gate.reached;
  const others = await Promise.all(
    Array.from({ length: 20 }, (_, index) => ask(holdfast, `/v2/library/app/manifests/t${index}`)),
  );
  assert.ok(others.every(({ status }) => status === 502));
  assert.equal(upstream.requests.length, 1);

  open();
  gate.release();
  assert.equal((await probe).status, 200);
  assert.equal((await ask(holdfast, '/v2/library/app/tags/list')).status, 200);
});

test('a probe that fails keeps upstream closed for longer', async (t) => {
  const { upstream, holdfast } = await start(t, IMPATIENT);
  upstream.fault({ hang: true });
  const path = PATHS[0] ?? '';
  await ask(holdfast, path);
  const opened: number[] = [];
  for (let round = 0; round < 3; round++) {
    upstream.clear();
    let seconds = 0;
    while (upstream.requests.length === 0) {
      holdfast.clock.advance(1000);
      seconds += 1;
      assert.equal((await ask(holdfast, path)).status, 504);
    }
    opened.push(seconds);
  }
  assert.deepEqual(
    opened,
    opened.toSorted((one, other) => one - other),
  );
  assert.ok((opened.at(-1) ?? 0) > (opened[0] ?? 0));
  assert.ok((opened.at(-1) ?? 0) <= 30);
});

test('an upstream that keeps refusing is left alone for a moment, and asked again after it', async (t) => {
  const { upstream, holdfast } = await start(t);
  upstream.fault({ status: 500 });
  for (let pulls = 0; pulls < 20; pulls++) {
    assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 502);
  }
  assert.ok(upstream.requests.length < 20, `${upstream.requests.length} requests`);
  upstream.clearFaults();
  holdfast.clock.advance(MINUTE);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 200);
});

test('answers that say no are not taken for an outage', async (t) => {
  const { holdfast } = await start(t);
  for (let pulls = 0; pulls < 20; pulls++) {
    assert.equal((await ask(holdfast, `/v2/library/app/manifests/none${pulls}`)).status, 404);
  }
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 200);
});

test('one upstream in trouble does not keep another from answering', async (t) => {
  const [hub, corp] = await Promise.all([startUpstream(t), startUpstream(t)]);
  const holdfast = await startHoldfast(t, {
    config: {
      defaultUpstream: 'docker.io',
      upstreams: { 'docker.io': { url: hub.url, ...IMPATIENT }, 'corp.example': { url: corp.url } },
    },
  });
  corp.addImage('team/app', '1');
  hub.fault({ hang: true });
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 504);
  assert.equal((await ask(holdfast, '/v2/corp.example/team/app/manifests/1')).status, 200);
});

test('an upstream that is slow but answers in time is waited for', async (t) => {
  const { upstream, holdfast } = await start(t);
  upstream.fault({ latency: 100 });
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 200);
});
