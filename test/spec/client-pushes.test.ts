/** The sequences of requests that real clients push with, header for header as they were seen. */
import assert from 'node:assert/strict';
import type { OutgoingHttpHeaders } from 'node:http';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { FakeUpstream } from '../helpers/fake-upstream.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { describe, sample } from './pushing.ts';
import { send } from './wire.ts';

const upstream = await FakeUpstream.start();
const hosted = await Holdfast.start();
const beside = await Holdfast.start({ upstreams: { 'docker.io': upstream.url } });
after(async () => {
  await hosted.close();
  await beside.close();
  await upstream.stop();
});

const STREAM = { 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/octet-stream' };
const EMPTY = { 'Content-Length': '0' };

type Push = (holdfast: Holdfast, repository: string, blob: Buffer) => Promise<void>;

interface Step {
  readonly method: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
  readonly status: number;
}

async function step(holdfast: Holdfast, { method, path, status, ...rest }: Step): Promise<Headers> {
  const answer = await send(holdfast, method, path, rest);
  assert.equal(answer.status, status, `${method} ${path}: ${await answer.text()}`);
  return answer.headers;
}

/** As docker reads it; it gives up on anything else. */
function assertDockerRange(headers: Headers, last: number): void {
  const [start, end] = (headers.get('range') ?? '').split('-').map(Number);
  assert.deepEqual([start, end], [0, last]);
}

const docker: Push = async (holdfast, repository, blob) => {
  const digest = digestOf(blob);
  const head = `/v2/${repository}/blobs/${digest}`;
  await step(holdfast, { method: 'GET', path: '/v2/', status: 200 });
  await step(holdfast, { method: 'HEAD', path: head, status: 404 });
  const path = `/v2/${repository}/blobs/uploads/`;
  const post = await step(holdfast, { method: 'POST', path, headers: EMPTY, status: 202 });
  assertDockerRange(post, 0);
  const location = post.get('location') ?? '';
  const patched = await step(holdfast, {
    method: 'PATCH',
    path: location,
    headers: STREAM,
    body: blob,
    status: 202,
  });
  assertDockerRange(patched, blob.byteLength - 1);
  const target = new URL(patched.get('location') ?? '', holdfast.url);
  target.searchParams.set('digest', digest);
  const put = await step(holdfast, {
    method: 'PUT',
    path: target.pathname + target.search,
    headers: EMPTY,
    status: 201,
  });
  assert.equal(put.get('docker-content-digest'), digest);
  const again = await step(holdfast, { method: 'HEAD', path: head, status: 200 });
  assert.equal(again.get('content-length'), String(blob.byteLength));
};

const containerd: Push = async (holdfast, repository, blob) => {
  const digest = digestOf(blob);
  const headers = { Accept: 'application/vnd.oci.image.layer.v1.tar, */*' };
  const head = `/v2/${repository}/blobs/${digest}`;
  await step(holdfast, { method: 'HEAD', path: head, headers, status: 404 });
  const path = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=library%2Fother`;
  const post = await step(holdfast, { method: 'POST', path, status: 202 });
  const put = await step(holdfast, {
    method: 'PUT',
    path: `${post.get('location') ?? ''}?digest=${encodeURIComponent(digest)}`,
    headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': blob.byteLength },
    body: blob,
    status: 201,
  });
  assert.equal(put.get('docker-content-digest'), digest);
};

const podman: Push = async (holdfast, repository, blob) => {
  const digest = digestOf(blob);
  const head = `/v2/${repository}/blobs/${digest}`;
  await step(holdfast, { method: 'HEAD', path: head, status: 404 });
  const path = `/v2/${repository}/blobs/uploads/`;
  const post = await step(holdfast, { method: 'POST', path, status: 202 });
  const patched = await step(holdfast, {
    method: 'PATCH',
    path: post.get('location') ?? '',
    headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': blob.byteLength },
    body: blob,
    status: 202,
  });
  await step(holdfast, {
    method: 'PUT',
    path: `${patched.get('location') ?? ''}?digest=${encodeURIComponent(digest)}`,
    headers: { 'Content-Type': 'application/octet-stream', ...EMPTY },
    status: 201,
  });
};

const crane: Push = async (holdfast, repository, blob) => {
  const json = { 'Content-Type': 'application/json', ...EMPTY };
  const path = `/v2/${repository}/blobs/uploads/`;
  const post = await step(holdfast, { method: 'POST', path, headers: json, status: 202 });
  const patched = await step(holdfast, {
    method: 'PATCH',
    path: post.get('location') ?? '',
    headers: { 'Content-Length': blob.byteLength },
    body: blob,
    status: 202,
  });
  const target = `${patched.get('location') ?? ''}?digest=${encodeURIComponent(digestOf(blob))}`;
  await step(holdfast, { method: 'PUT', path: target, headers: json, status: 201 });
};

const clients = { docker, containerd, podman, crane };

for (const [where, holdfast] of [
  ['a hosted-only registry', hosted],
  ['a registry beside a mirror', beside],
] as const) {
  for (const [name, push] of Object.entries(clients)) {
    test(`the way that ${name} pushes works with ${where}`, async () => {
      const { config, layer, manifest, digest } = sample(`${name} ${where}`);
      const repository = `by/${name}`;
      for (const blob of [config, layer]) await push(holdfast, repository, blob);
      const path = `/v2/${repository}/manifests/v1`;
      await step(holdfast, { method: 'HEAD', path, status: 404 });
      const put = await step(holdfast, {
        method: 'PUT',
        path,
        headers: { 'Content-Type': MediaType.ociManifest },
        body: manifest,
        status: 201,
      });
      assert.equal(put.get('docker-content-digest'), digest);
      assert.equal((await pullImage(holdfast.url, repository, 'v1')).digest, digest);
    });
  }
}

test('oras finds that referrers are kept, and need not keep the fallback tag itself', async () => {
  const app = sample('oras subject');
  const subject = describe(app.manifest, MediaType.ociManifest);
  const artifact = sample('oras', { subject, artifactType: 'application/vnd.example+json' });
  for (const blob of [artifact.config, artifact.layer]) await containerd(hosted, 'by/oras', blob);
  const path = `/v2/by/oras/manifests/${artifact.digest}`;
  await step(hosted, { method: 'HEAD', path, status: 404 });
  const headers = { 'Content-Type': MediaType.ociManifest };
  const put = await step(hosted, {
    method: 'PUT',
    path,
    headers,
    body: artifact.manifest,
    status: 201,
  });
  assert.equal(put.get('oci-subject'), subject.digest);
  const referrers = await hosted.fetch(`/v2/by/oras/referrers/${subject.digest}`);
  const { manifests } = (await referrers.json()) as { manifests: { digest: string }[] };
  assert.deepEqual(
    manifests.map(({ digest }) => digest),
    [artifact.digest],
  );
});
