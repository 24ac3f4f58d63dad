/** A registry that takes pushes, and breaks where it is told to. */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { cleanUp } from '../helpers/clean-up.ts';
import { Listener, type ListenerTls } from '../helpers/listener.ts';

export interface FakeRegistryOptions {
  readonly tls?: ListenerTls;
  /** How a session's Location is written. */
  readonly location?: (path: string, url: string) => string;
  /** Each PATCH in turn is cut after so many bytes of its body; what has come is kept. */
  readonly cutUploads?: number[];
  /** Each GET of a blob in turn is cut after so many bytes. */
  readonly cutDownloads?: number[];
  /** The closing PUT succeeds, and its answer is lost. */
  readonly loseFinish?: boolean;
  /** Statuses that come first, whatever is asked. */
  readonly stumbles?: number[];
  /** Where a GET of a blob is redirected. */
  readonly blobsAt?: (digest: string) => string;
  readonly login?: 'basic' | 'bearer';
  /** How many requests a token is good for. */
  readonly tokenUses?: number;
  /** In the place of its own. */
  readonly realm?: string;
}

export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export const ACCOUNT = `Basic ${Buffer.from('me:secret').toString('base64')}`;

export class FakeRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { bytes: Buffer; type: string }>();
  readonly seen: Seen[] = [];
  readonly #options: FakeRegistryOptions;
  readonly #uploads = new Map<string, Buffer>();
  readonly #tokens = new Map<string, number>();
  #listener: Listener | undefined;

  private constructor(options: FakeRegistryOptions) {
    this.#options = options;
  }

  static async start(t: TestContext, options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const registry = new FakeRegistry(options);
    const listener = await Listener.open((request, response) => {
      void registry.#answer(request, response);
    }, options.tls);
    registry.#listener = listener;
    cleanUp(t, () => listener.close());
    return registry;
  }

  get url(): string {
    return this.#listener?.url ?? '';
  }

  get openUploads(): number {
    return this.#uploads.size;
  }

  /** `METHOD path`, digests and ids left out. */
  get log(): string[] {
    return this.seen.map(({ method, path }) =>
      `${method} ${decodeURIComponent(path)}`.replaceAll(/sha256:[a-f0-9]{64}|[a-f0-9-]{36}/g, '…'),
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    this.seen.push({ method, path, headers });
    const url = new URL(path, this.url);
    if (url.pathname === '/token') return this.#token(url, headers.authorization, response);
    const stumble = this.#options.stumbles?.shift();
    if (stumble !== undefined)
      return void response.writeHead(stumble, { 'retry-after': '0' }).end();
    if (!this.#admits(headers.authorization)) return this.#challenge(response);
    const [, repository = '', kind = '', rest = ''] =
      /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    if (kind === 'blobs/uploads') return this.#upload(request, response, { repository, rest, url });
    if (kind === 'blobs') return this.#blob(request, response, { repository, rest });
    if (kind === 'manifests') return this.#manifest(request, response, `${repository}:${rest}`);
    response.writeHead(200).end();
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    { repository, rest, url }: { repository: string; rest: string; url: URL },
  ): Promise<void> {
    const { method } = request;
    if (method === 'POST') {
      const mount = url.searchParams.get('mount');
      const from = this.blobs.get(`${url.searchParams.get('from')}@${mount}`);
      if (from) {
        this.blobs.set(`${repository}@${mount}`, from);
        return void response.writeHead(201).end();
      }
      const id = randomUUID();
      this.#uploads.set(id, Buffer.alloc(0));
      return void response.writeHead(202, { location: this.#location(repository, id) }).end();
    }
    const held = this.#uploads.get(rest);
    if (!held) return void response.writeHead(404).end();
    if (method === 'DELETE') {
      this.#uploads.delete(rest);
      return void response.writeHead(204).end();
    }
    const told = { location: this.#location(repository, rest), range: rangeOf(held) };
    if (method === 'GET') return void response.writeHead(204, told).end();
    if (method === 'PUT') {
      const digest = url.searchParams.get('digest') ?? '';
      const actual = `sha256:${createHash('sha256').update(held).digest('hex')}`;
      if (digest !== actual) return void response.writeHead(400).end();
      this.blobs.set(`${repository}@${digest}`, held);
      this.#uploads.delete(rest);
      if (this.#options.loseFinish === true) return void request.socket.destroy();
      return void response.writeHead(201).end();
    }
    const start = /^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1] ?? '0';
    if (Number(start) !== held.byteLength) return void response.writeHead(416, told).end();
    const cut = this.#options.cutUploads?.shift();
    let size = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        const kept = chunk.subarray(0, cut === undefined ? undefined : cut - size);
        size += kept.byteLength;
        this.#uploads.set(rest, Buffer.concat([this.#uploads.get(rest) ?? held, kept]));
        if (size === cut) return void request.socket.destroy();
      }
    } catch {
      // The client has cut it: what has come stays.
      return;
    }
    const now = { ...told, range: rangeOf(this.#uploads.get(rest) ?? held) };
    response.writeHead(202, now).end();
  }

  #blob(
    { method, headers, socket }: IncomingMessage,
    response: ServerResponse,
    { repository, rest }: { repository: string; rest: string },
  ): void {
    const content = this.blobs.get(`${repository}@${rest}`);
    if (!content) return void response.writeHead(404).end();
    if (method === 'HEAD') {
      return void response.writeHead(200, { 'content-length': content.byteLength }).end();
    }
    const elsewhere = this.#options.blobsAt?.(rest);
    if (elsewhere !== undefined) {
      return void response.writeHead(307, { location: elsewhere }).end();
    }
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const wanted = content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': wanted.byteLength });
    const cut = this.#options.cutDownloads?.shift();
    if (cut === undefined) return void response.end(wanted);
    response.write(wanted.subarray(0, cut), () => socket.destroy());
  }

  async #manifest(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    if (request.method === 'PUT') {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const type = request.headers['content-type'] ?? '';
      this.manifests.set(name, { bytes: Buffer.concat(chunks), type });
      return void response.writeHead(201).end();
    }
    const found = this.manifests.get(name);
    if (!found) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': found.type }).end(found.bytes);
  }

  #location(repository: string, id: string): string {
    const path = `/v2/${repository}/blobs/uploads/${id}`;
    return this.#options.location?.(path, this.url) ?? path;
  }

  #admits(authorization: string | undefined): boolean {
    const { login } = this.#options;
    if (login === undefined) return true;
    if (login === 'basic') return authorization === ACCOUNT;
    const token = authorization?.replace('Bearer ', '') ?? '';
    const uses = this.#tokens.get(token) ?? 0;
    this.#tokens.set(token, uses - 1);
    return uses > 0;
  }

  #challenge(response: ServerResponse): void {
    const { login, realm = `${this.url}/token` } = this.#options;
    const challenge =
      login === 'basic' ? 'Basic realm="fake"' : `Bearer realm="${realm}",service="fake"`;
    response.writeHead(401, { 'www-authenticate': challenge }).end();
  }

  #token(url: URL, authorization: string | undefined, response: ServerResponse): void {
    if (authorization !== undefined && authorization !== ACCOUNT) {
      return void response.writeHead(401).end();
    }
    // Without an account for pulls alone, as everywhere.
    const pushes = url.searchParams.getAll('scope').some((scope) => scope.includes('push'));
    if (pushes && authorization === undefined) return void response.writeHead(401).end();
    const token = randomUUID();
    this.#tokens.set(token, this.#options.tokenUses ?? Infinity);
    response.writeHead(200).end(JSON.stringify({ token }));
  }
}

/** As distribution tells it, also of nothing. */
function rangeOf(held: Buffer): string {
  return `0-${Math.max(0, held.byteLength - 1)}`;
}
