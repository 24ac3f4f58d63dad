/**
 * A real registry on 127.0.0.1 that can go wrong in every way that upstreams do. It serves what it was
 * given by `content`, logs each request, and bends its answers by the faults that are set.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Digest } from '../../src/oci/digest.ts';
import { type Answer, errorAnswer, jsonAnswer, send } from './fake-upstream-answer.ts';
import { type FakeAuth, FakeAuthServer } from './fake-upstream-auth.ts';
import { FakeContent, type FakeImage, type ImageOptions } from './fake-upstream-content.ts';
import { type Fault, Faults } from './fake-upstream-fault.ts';
import { Gate } from './gate.ts';
import { Listener, type ListenerTls } from './listener.ts';

export interface FakeUpstreamOptions {
  readonly auth?: FakeAuth;
  /** Blobs are answered with a 307 to a signed URL on a second listener. */
  readonly redirectBlobs?: boolean;
  /** Tokens are given by the second listener instead of the registry's own. */
  readonly separateRealm?: boolean;
  /** False: the referrers API is 404, and the fallback tag answers instead. */
  readonly referrersApi?: boolean;
  /** Referrers in one answer. */
  readonly referrersPage?: number;
  readonly tls?: ListenerTls;
}

export interface LoggedRequest {
  readonly origin: 'registry' | 'second';
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether the response is out, or its connection gone. */
  readonly over: boolean;
  /** The connection went before the response was out. */
  readonly aborted: boolean;
}

export class FakeUpstream {
  /** Oldest first. */
  requests: LoggedRequest[] = [];
  readonly content = new FakeContent();
  /** A signed URL is good for this long; ms. */
  signedUrlMaxAge = 60_000;
  redirectBlobs: boolean;
  referrersApi: boolean;
  readonly #options: FakeUpstreamOptions;
  readonly #faults = new Faults();
  readonly #auth: FakeAuthServer;
  readonly #signed = new Map<string, { readonly digest: Digest; readonly expires: number }>();
  #registry!: Listener;
  #second!: Listener;
  #underWay = 0;
  #peak = 0;

  private constructor(options: FakeUpstreamOptions) {
    this.#options = options;
    this.redirectBlobs = options.redirectBlobs ?? false;
    this.referrersApi = options.referrersApi ?? true;
    this.#auth = new FakeAuthServer(options.auth);
  }

  static async start(options: FakeUpstreamOptions = {}): Promise<FakeUpstream> {
    const fake = new FakeUpstream(options);
    const handler = (origin: LoggedRequest['origin']) => {
      return (request: IncomingMessage, response: ServerResponse) => {
        void fake.#handle(origin, request, response);
      };
    };
    fake.#registry = await Listener.open(handler('registry'), options.tls);
    fake.#second = await Listener.open(handler('second'), options.tls);
    const realm = options.separateRealm === true ? fake.#second : fake.#registry;
    fake.#auth.realm = `${realm.url}/token`;
    return fake;
  }

  get url(): string {
    return this.#registry.url;
  }

  get port(): number {
    return this.#registry.port;
  }

  /** The origin of signed blob URLs. */
  get secondUrl(): string {
    return this.#second.url;
  }

  /** Connections that the registry itself has accepted so far. */
  get connections(): number {
    return this.#registry.connections;
  }

  /** The most requests that were under way at the same time since `clear`. */
  get peak(): number {
    return this.#peak;
  }

  /** Requests under way. */
  get underWay(): number {
    return this.#underWay;
  }

  addBlob(bytes: Buffer, repository?: string): Digest {
    return this.content.addBlob(bytes, repository);
  }

  addManifest(
    repository: string,
    tag: string | undefined,
    content: Buffer | string | object,
    mediaType: string,
  ): Digest {
    return this.content.addManifest(repository, tag, content, mediaType);
  }

  addImage(repository: string, tag: string | undefined, options?: ImageOptions): FakeImage {
    return this.content.addImage(repository, tag, options);
  }

  addIndex(...parameters: Parameters<FakeContent['addIndex']>): Digest {
    return this.content.addIndex(...parameters);
  }

  setTag(repository: string, tag: string, digest: Digest): void {
    this.content.setTag(repository, tag, digest);
  }

  removeTag(repository: string, tag: string): void {
    this.content.removeTag(repository, tag);
  }

  /** Sets a fault; returns what takes it away. */
  fault(fault: Fault): () => void {
    return this.#faults.add(fault);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  /** Holds blob (or other) bodies after `after` bytes until the gate is released. */
  hold(path: RegExp, after: number, times?: number): Gate {
    const gate = new Gate();
    this.fault({
      method: 'GET',
      path,
      hold: { after, gate },
      ...(times === undefined ? {} : { times }),
    });
    return gate;
  }

  setAuth(auth: FakeAuth | undefined): void {
    this.#auth.settings = auth;
  }

  revokeTokens(): void {
    this.#auth.revokeTokens();
  }

  /** Every signed URL given so far is refused from now on. */
  expireSignedUrls(): void {
    this.#signed.clear();
  }

  /** How many requests so far had this method and a URL that matches. */
  count(method: string, url: RegExp = /(?:)/): number {
    return this.requests.filter((seen) => seen.method === method && url.test(seen.url)).length;
  }

  get tokenRequests(): number {
    return this.count('GET', /^\/token/);
  }

  /** Forgets the requests so far. */
  clear(): void {
    this.requests = [];
    this.#peak = this.#underWay;
  }

  /** Goes away: running requests are cut, new ones refused. */
  async stop(): Promise<void> {
    await Promise.all([this.#registry.close(), this.#second.close()]);
  }

  /** Comes back on the same ports. */
  async restart(): Promise<void> {
    await Promise.all([this.#registry.listen(), this.#second.listen()]);
  }

  async #handle(
    origin: LoggedRequest['origin'],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { method = '', url = '', headers } = request;
    const entry = { origin, method, url, headers, at: Date.now(), over: false, aborted: false };
    this.requests.push(entry);
    this.#underWay += 1;
    this.#peak = Math.max(this.#peak, this.#underWay);
    response.once('close', () => {
      this.#underWay -= 1;
      entry.over = true;
      entry.aborted = !response.writableFinished;
    });
    const fault = this.#faults.strike(method, url);
    const answer =
      method === 'GET' || method === 'HEAD'
        ? this.#answer(request)
        : errorAnswer(405, 'UNSUPPORTED');
    await send(request, response, answer, fault);
  }

  #answer(request: IncomingMessage): Answer {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake');
    if (pathname === '/token') return this.#auth.token(request, searchParams);
    if (pathname.startsWith('/signed/')) return this.#signedBlob(request, searchParams);
    if (pathname === '/v2/') return this.#auth.check(request, '') ?? jsonAnswer({});
    const route = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/.exec(pathname);
    if (route === null) return errorAnswer(404, 'NAME_UNKNOWN');
    const [, repository = '', kind, reference = ''] = route;
    const refusal = this.#auth.check(request, `repository:${repository}:pull`);
    if (refusal !== undefined) return refusal;
    if (kind === 'manifests') return this.#manifest(repository, reference);
    if (kind === 'blobs') return this.#blob(repository, reference as Digest);
    if (kind === 'tags') return this.#tags(repository, searchParams);
    return this.#referrers(repository, reference, searchParams);
  }

  #manifest(repository: string, reference: string): Answer {
    const manifest = this.content.findManifest(repository, reference);
    if (manifest !== undefined) {
      const { content, mediaType, digest } = manifest;
      const headers = { 'content-type': mediaType, 'docker-content-digest': digest };
      return { status: 200, headers, body: content };
    }
    const fallback = /^(sha256|sha512)-([0-9a-f]+)$/.exec(reference);
    if (!this.referrersApi && fallback !== null) {
      const subject = `${fallback[1]}:${fallback[2]}`;
      return index(this.content.referrers(repository, subject));
    }
    return errorAnswer(404, 'MANIFEST_UNKNOWN');
  }

  #blob(repository: string, digest: Digest): Answer {
    const body = this.content.findBlob(repository, digest);
    if (body === undefined) return errorAnswer(404, 'BLOB_UNKNOWN');
    if (this.redirectBlobs) {
      const signature = randomUUID();
      this.#signed.set(signature, { digest, expires: Date.now() + this.signedUrlMaxAge });
      const location = `${this.secondUrl}/signed/${digest}?Signature=${signature}`;
      return { status: 307, headers: { location } };
    }
    return blobAnswer(digest, body);
  }

  #signedBlob(request: IncomingMessage, query: URLSearchParams): Answer {
    // As S3 does: a signed URL and an Authorization header together are an error.
    if (request.headers.authorization !== undefined) {
      return { status: 400, body: 'Only one auth mechanism allowed' };
    }
    const signed = this.#signed.get(query.get('Signature') ?? '');
    if (signed === undefined || signed.expires < Date.now()) {
      return { status: 403, body: 'Request has expired' };
    }
    const body = this.content.blob(signed.digest);
    return body === undefined ? errorAnswer(404, 'NoSuchKey') : blobAnswer(undefined, body);
  }

  #tags(repository: string, query: URLSearchParams): Answer {
    if (!this.content.hasRepository(repository)) return errorAnswer(404, 'NAME_UNKNOWN');
    const last = query.get('last') ?? '';
    const n = Number(query.get('n') ?? 100);
    const rest = this.content.tags(repository).filter((tag) => tag > last);
    const tags = rest.slice(0, n);
    const next = `</v2/${repository}/tags/list?n=${n}&last=${tags.at(-1) ?? ''}>; rel="next"`;
    return jsonAnswer(
      { name: repository, tags },
      { link: rest.length > n && n > 0 ? next : undefined },
    );
  }

  #referrers(repository: string, subject: string, query: URLSearchParams): Answer {
    if (!this.referrersApi) return errorAnswer(404, 'UNSUPPORTED');
    const all = this.content.referrers(repository, subject);
    const from = Number(query.get('from') ?? 0);
    const end = from + (this.#options.referrersPage ?? all.length);
    const next = `</v2/${repository}/referrers/${subject}?from=${end}>; rel="next"`;
    return index(all.slice(from, end), end < all.length ? next : undefined);
  }
}

function blobAnswer(digest: Digest | undefined, body: Buffer): Answer {
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
  };
  return { status: 200, headers, body, ranges: true };
}

function index(manifests: readonly object[], link?: string): Answer {
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const body = { schemaVersion: 2, mediaType, manifests };
  return jsonAnswer(body, { 'content-type': mediaType, link });
}
