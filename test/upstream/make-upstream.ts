import type { TestContext } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Reference, Tag } from '../../src/oci/reference.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { UpstreamErrorKind } from '../../src/upstream/errors.ts';
import { UpstreamError } from '../../src/upstream/errors.ts';
import { GotUpstream } from '../../src/upstream/got/got-upstream.ts';
import type { UpstreamOptions } from '../../src/upstream/got/options.ts';
import { FakeUpstream, type FakeUpstreamOptions } from '../helpers/fake-upstream.ts';

export const APP = 'library/app' as RepositoryName;

export function tagged(tag: string): Reference {
  return { kind: 'tag', tag: tag as Tag };
}

export function byDigest(digest: Digest): Reference {
  return { kind: 'digest', digest };
}

/** A client of `url`, closed when the test ends. */
export function makeUpstream(
  t: TestContext,
  url: string,
  options: Partial<UpstreamOptions> = {},
): GotUpstream {
  const upstream = new GotUpstream({
    name: 'test.example',
    url,
    credentials: null,
    tls: { ca: null, insecureSkipVerify: false },
    proxy: null,
    timeouts: { connect: 5000, headers: 10_000, idle: 10_000 },
    maxConnections: 16,
    allowPrivateNetwork: false,
    clock: systemClock,
    ...options,
  });
  t.after(() => upstream.close());
  return upstream;
}

/** A fake registry that is stopped when the test ends. */
export async function startFake(
  t: TestContext,
  options: FakeUpstreamOptions = {},
): Promise<FakeUpstream> {
  const fake = await FakeUpstream.start(options);
  t.after(() => fake.stop());
  return fake;
}

/** For assert.rejects: an UpstreamError of that kind. */
export function isError(
  kind: UpstreamErrorKind,
  message: RegExp = /(?:)/,
): (e: unknown) => boolean {
  return (e) => e instanceof UpstreamError && e.kind === kind && message.test(e.message);
}

export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // A chunk is only valid until the next one is asked for.
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
