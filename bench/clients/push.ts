import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { StaticRegistry } from '../content/static-registry.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Pushes all of an image, as small images are pushed. */
export async function pushImage(
  url: string,
  registry: StaticRegistry,
  digests: readonly string[],
): Promise<void> {
  const base = `${url}/v2/${registry.repository}`;
  for (const digest of digests) {
    const body = await readFile(join(registry.root, `/v2/${registry.repository}/blobs/${digest}`));
    const begun = await demand(`${base}/blobs/uploads/`, { method: 'POST' });
    const target = new URL(begun.headers.get('location') ?? '', url);
    target.searchParams.set('digest', digest);
    const headers = { 'Content-Type': 'application/octet-stream' };
    await demand(target.href, { method: 'PUT', body, headers });
  }
  for (const { path, mediaType, content } of registry.manifests) {
    const headers = { 'Content-Type': mediaType };
    await demand(`${url}${path}`, { method: 'PUT', body: content, headers });
  }
}

/** What is pushed: the block over and over. */
export interface PushedBlob {
  readonly block: Buffer;
  readonly count: number;
  readonly digest: string;
}

export function pushedBlob(block: Buffer, count: number): PushedBlob {
  const hash = createHash('sha256');
  for (let at = 0; at < count; at++) hash.update(block);
  return { block, count, digest: `sha256:${hash.digest('hex')}` };
}

/** Pushes as docker and containerd do: POST, one PATCH with all, PUT. Resolves with the milliseconds from the first to the last. */
export async function pushBlob(url: string, repository: string, blob: PushedBlob): Promise<number> {
  const began = performance.now();
  const begun = await demand(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const session = new URL(begun.headers.get('location') ?? '', url);
  const location = await patch(session, blob);
  const target = new URL(location, url);
  target.searchParams.set('digest', blob.digest);
  await demand(target.href, { method: 'PUT' });
  return performance.now() - began;
}

/** The body goes out of one buffer over a bare socket: no other client is as cheap. Resolves with the `Location`. */
async function patch(target: URL, { block, count }: PushedBlob): Promise<string> {
  const socket = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
  await once(socket, 'connect');
  try {
    socket.write(
      `PATCH ${target.pathname}${target.search} HTTP/1.1\r\nHost: ${target.host}\r\n` +
        `Content-Type: application/octet-stream\r\nContent-Length: ${block.length * count}\r\n\r\n`,
    );
    for (let at = 0; at < count; at++) {
      if (!socket.write(block)) await once(socket, 'drain');
    }
    const [head] = (await once(socket, 'data')) as [Buffer];
    const text = head.toString('latin1');
    const location = /^location: *(.*)\r$/im.exec(text)?.[1];
    if (!text.startsWith('HTTP/1.1 202') || location === undefined) {
      throw new Error(`PATCH was answered\n${text}`);
    }
    return location;
  } finally {
    socket.destroy();
  }
}

async function demand(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${init.method} ${url}: ${answer.status} ${text}`);
  return answer;
}
