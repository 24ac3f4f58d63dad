import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type Reference, referenceText } from '../../oci/reference.ts';
import { lacksReferrersApi } from '../../oci/referrers-api.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { UpstreamError } from '../errors.ts';
import {
  type ListPage,
  type ManifestHead,
  MAX_MANIFEST_BYTES,
  type TagPage,
  type Upstream,
  type UpstreamBlob,
  type UpstreamManifest,
} from '../upstream.ts';
import { parseContentRange } from './content-range.ts';
import type { Exchange } from './exchange.ts';
import { readReferrers, readTagList } from './list-answer.ts';
import {
  ACCEPT_MANIFESTS,
  contentLength,
  readManifestAnswer,
  readManifestHead,
} from './manifest-answer.ts';
import { nextLink } from './next-link.ts';
import type { AnswerKind, UpstreamOptions } from './options.ts';
import { type RegistryRequest, Requester, type WholeAnswer } from './requester.ts';

/** A page of tags, or all referrers of a digest. Registries without pagination have been seen to answer with 50,000 tags, some 3 MB. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;
/** Pages of referrers that are followed for one digest: an upstream that always names a next page must come to an end. */
const MAX_REFERRERS_PAGES = 100;

const NO_BODY = 0;

/** The Upstream port over HTTP, with got. */
export class GotUpstream implements Upstream {
  readonly name: string;
  readonly #base: string;
  readonly #idle: number;
  readonly #requester: Requester;

  constructor(options: UpstreamOptions) {
    this.name = options.name;
    this.#base = options.url.replace(/\/+$/, '');
    this.#idle = options.timeouts.idle;
    this.#requester = new Requester(options);
  }

  async headManifest(
    repository: RepositoryName,
    reference: Reference,
    signal?: AbortSignal,
  ): Promise<ManifestHead> {
    const request = this.#manifestRequest('HEAD', repository, reference);
    const { headers } = await this.#requester.whole(request, NO_BODY, signal);
    return readManifestHead(headers, request.what);
  }

  async manifest(
    repository: RepositoryName,
    reference: Reference,
    signal?: AbortSignal,
  ): Promise<UpstreamManifest> {
    const request = this.#manifestRequest('GET', repository, reference);
    const { content, headers } = await this.#requester.whole(request, MAX_MANIFEST_BYTES, signal);
    return readManifestAnswer(content, headers, reference, request.what);
  }

  async headBlob(
    repository: RepositoryName,
    digest: Digest,
    signal?: AbortSignal,
  ): Promise<{ readonly size?: number }> {
    const request = this.#request('HEAD', 'blob', repository, `blobs/${digest}`);
    try {
      const { headers } = await this.#requester.whole(request, NO_BODY, signal);
      return sized(contentLength(headers));
    } catch (error) {
      // A URL signed for GET refuses HEAD. The registry has sent us there, but only its content proves anything.
      if (!(error instanceof UpstreamError && isRefusedByStorage(error))) throw error;
      return await this.#probeBlob(repository, digest, signal);
    }
  }

  async blob(
    repository: RepositoryName,
    digest: Digest,
    from: number,
    signal?: AbortSignal,
  ): Promise<UpstreamBlob> {
    const range = from > 0 ? { range: `bytes=${from}-` } : {};
    const request = this.#request('GET', 'blob', repository, `blobs/${digest}`, range);
    const exchange = await this.#requester.open(request, signal);
    const { start, size, end } = await placeOf(exchange, from, request.what);
    const told = contentLength(exchange.headers);
    // A server may give less of a range than was asked for: waiting for the rest would be in vain.
    const length = end === undefined ? told : Math.min(end - start, told ?? Infinity);
    const body = exchange.stream(this.#idle, length);
    return { start, body, ...sized(size) };
  }

  async blobRange(
    repository: RepositoryName,
    digest: Digest,
    { start, end }: { readonly start: number; readonly end: number },
    signal?: AbortSignal,
  ): Promise<UpstreamBlob | undefined> {
    const range = { range: `bytes=${start}-${end - 1}` };
    const request = this.#request('GET', 'blob', repository, `blobs/${digest}`, range);
    const exchange = await this.#requester.open(request, signal);
    if (exchange.status !== 206) {
      await exchange.stream(this.#idle, undefined)[Symbol.asyncIterator]().return?.();
      return undefined;
    }
    const { size } = await placeOf(exchange, start, request.what);
    return { start, body: exchange.stream(this.#idle, end - start), ...sized(size) };
  }

  async tags(repository: RepositoryName, page: ListPage, signal?: AbortSignal): Promise<TagPage> {
    const request = this.#request('GET', 'tags', repository, 'tags/list');
    if (page.n !== undefined) request.url.searchParams.set('n', String(page.n));
    if (page.last !== undefined) request.url.searchParams.set('last', page.last);
    const answer = await this.#requester.whole(request, MAX_LIST_BYTES, signal);
    const tags = readTagList(answer.content, request.what);
    const link = nextLink(answer.headers, request.url);
    if (link === undefined) return { tags };
    // Some registries page by a token of their own; `last` of the spec works on them all the same.
    const last = link.searchParams.get('last') ?? tags.at(-1);
    const n = link.searchParams.get('n') ?? '';
    if (last === undefined) return { tags };
    return { tags, next: { n: /^\d+$/.test(n) ? Number(n) : page.n, last } };
  }

  async referrers(
    repository: RepositoryName,
    digest: Digest,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[] | undefined> {
    const first = this.#request('GET', 'referrers', repository, `referrers/${digest}`);
    const found: Descriptor[] = [];
    let bytesLeft = MAX_LIST_BYTES;
    let next: URL | undefined = first.url;
    for (let pages = 0; next !== undefined; pages++) {
      if (pages === MAX_REFERRERS_PAGES || next.origin !== first.url.origin) {
        throw new UpstreamError('bad-answer', `${first.what}: cannot follow its pages`);
      }
      const answer = await this.#referrersPage({ ...first, url: next }, bytesLeft, signal);
      if (answer === undefined && pages === 0) return undefined;
      if (answer === undefined)
        throw new UpstreamError('bad-answer', `${first.what}: a page is gone`);
      bytesLeft -= answer.content.length;
      found.push(...readReferrers(answer.content, first.what));
      next = nextLink(answer.headers, next);
    }
    return found;
  }

  /** Cuts every request that is under way. */
  async close(): Promise<void> {
    this.#requester.close();
    return await Promise.resolve();
  }

  /** Undefined where the registry has no API for them. */
  async #referrersPage(
    request: RegistryRequest,
    max: number,
    signal: AbortSignal | undefined,
  ): Promise<WholeAnswer | undefined> {
    try {
      const answer = await this.#requester.whole(request, max, signal);
      return lacksReferrersApi(answer.status, answer.headers['content-type']) ? undefined : answer;
    } catch (error) {
      const status = error instanceof UpstreamError ? error.status : undefined;
      if (status !== undefined && lacksReferrersApi(status, undefined)) return undefined;
      throw error;
    }
  }

  /** GETs as little of the blob as possible. */
  async #probeBlob(
    repository: RepositoryName,
    digest: Digest,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly size?: number }> {
    const range = { range: 'bytes=0-0' };
    const request = this.#request('GET', 'blob', repository, `blobs/${digest}`, range);
    const exchange = await this.#requester.open(request, signal);
    const { size } = await placeOf(exchange, 0, request.what);
    await exchange.discard();
    return sized(size);
  }

  #manifestRequest(
    method: 'GET' | 'HEAD',
    repository: RepositoryName,
    reference: Reference,
  ): RegistryRequest {
    const path = `manifests/${referenceText(reference)}`;
    return this.#request(method, 'manifest', repository, path, { accept: ACCEPT_MANIFESTS });
  }

  #request(
    method: 'GET' | 'HEAD',
    kind: AnswerKind,
    repository: RepositoryName,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): RegistryRequest {
    const url = new URL(`${this.#base}/v2/${repository}/${path}`);
    const what = `${this.name}: ${method} ${repository}/${path}`;
    return { method, kind, repository, url, headers, what };
  }
}

/** Where the body begins, where a range of the blob ends, and the size of the whole blob. */
async function placeOf(
  exchange: Exchange,
  from: number,
  what: string,
): Promise<{ readonly start: number; readonly end?: number; readonly size?: number }> {
  const { status, headers } = exchange;
  if (status !== 206) return { start: 0, ...sized(contentLength(headers)) };
  const range = parseContentRange(headers['content-range']);
  if (range?.start === from) return range;
  await exchange.discard();
  throw new UpstreamError('bad-answer', `${what}: not the range that was asked for`, { status });
}

function isRefusedByStorage({ kind, status }: UpstreamError): boolean {
  return kind === 'unavailable' && (status === 401 || status === 403);
}

function sized(size: number | undefined): { readonly size?: number } {
  return size === undefined ? {} : { size };
}
