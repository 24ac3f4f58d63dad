import { type Digest, digestAlgorithm, digestOf, parseDigest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseManifest } from '../oci/manifest.ts';
import { essence, MediaType } from '../oci/media-types.ts';
import { lacksReferrersApi } from '../oci/referrers-api.ts';
import { download, without } from './download.ts';
import { Login } from './login.ts';
import { pieces } from './pieces.ts';
import { addToFallback, readReferrers } from './referrers.ts';
import { refusal, RegistryError } from './registry-error.ts';
import { isLoopback, type RegistryUrl } from './registry-url.ts';
import { FIRST_WAIT_MS, Requester } from './requester.ts';
import { Upload } from './upload.ts';
import { type Method, Wire, type WireAnswer } from './wire.ts';

/** What registries take, and so send. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MANIFESTS = Object.values(MediaType).join(', ');

export interface RegistryClientOptions {
  readonly url: RegistryUrl;
  /** The Authorization field of an account; undefined: nobody in particular. */
  readonly account: string | undefined;
  /** Neither TLS nor a certificate that is trusted is asked for. */
  readonly insecure: boolean;
  /** PEM of the authorities to trust, in the place of the usual ones. */
  readonly ca?: string | undefined;
  /** ms before the first repeat; doubled for each further one. */
  readonly firstWait?: number;
}

export interface RemoteManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** The exact bytes, checked against the digest. */
  readonly bytes: Buffer;
}

/** A manifest that is to be pushed. */
export interface PushedManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A blob that is to be pushed, and can be read again where that takes more than one try. */
export interface SentBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** A client of one registry, whichever it is (distribution-spec). Every failure is a RegistryError for people. */
export class RegistryClient {
  readonly #url: RegistryUrl;
  readonly #wire: Wire;
  readonly #requester: Requester;

  /** @throws RegistryError for an account that would go over the network in the clear */
  constructor(options: RegistryClientOptions) {
    const { url, account, insecure, ca, firstWait = FIRST_WAIT_MS } = options;
    if (account !== undefined && url.protocol === 'http:' && !insecure && !isLoopback(url)) {
      throw new RegistryError(
        `the password would go to ${url.host} in the clear; --insecure allows that`,
      );
    }
    this.#url = url;
    this.#wire = new Wire(url, { insecure, ca });
    const login = new Login(url, this.#wire, account);
    this.#requester = new Requester(url, this.#wire, login, firstWait);
  }

  get host(): string {
    return this.#url.host;
  }

  /**
   * By tag or digest; undefined where it is not there.
   *
   * @param tries - requests before a failure that may pass by itself is told
   */
  async manifest(
    repository: string,
    reference: string,
    tries?: number,
  ): Promise<RemoteManifest | undefined> {
    const what = `${this.host}: ${repository}:${reference}`;
    const path = `${repository}/manifests/${reference}`;
    const headers = { accept: MANIFESTS };
    const answer = await this.#ask('GET', path, pullScope(repository), what, { headers, tries });
    if (answer.status === 404) return void (await answer.short());
    if (answer.status !== 200) throw refusal(what, answer.status, await answer.short());
    const bytes = await answer.whole(MAX_MANIFEST_BYTES);
    const mediaType = essence(answer.headers['content-type'] ?? '');
    const wanted = parseDigest(reference);
    const digest = digestOf(bytes, wanted && digestAlgorithm(wanted));
    if (wanted === undefined || wanted === digest) return { digest, mediaType, bytes };
    throw new RegistryError(`${what}: what came has the digest ${digest}`);
  }

  /**
   * A page of what refers to a digest; undefined where the registry has no API for that. See `listReferrers`.
   *
   * @param query - empty, or `next` of the page before
   */
  async referrersPage(
    repository: string,
    subject: Digest,
    query: string,
  ): Promise<{ readonly referrers: readonly Descriptor[]; readonly next?: string } | undefined> {
    const what = `${this.host}: ${repository}: referrers of ${subject}`;
    const path = `${repository}/referrers/${subject}${query}`;
    const answer = await this.#ask('GET', path, pullScope(repository), what);
    if (lacksReferrersApi(answer.status, answer.headers['content-type'])) {
      return void (await answer.short());
    }
    if (answer.status !== 200) throw refusal(what, answer.status, await answer.short());
    const referrers = readReferrers(await answer.whole(MAX_MANIFEST_BYTES), what);
    const link = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(String(answer.headers['link'] ?? ''))?.[1];
    const search = link === undefined ? '' : new URL(link, this.#at(path)).search;
    return { referrers, ...(search !== '' && { next: search }) };
  }

  async hasBlob(
    repository: string,
    digest: Digest,
    scope = pullScope(repository),
  ): Promise<boolean> {
    const what = `${this.host}: HEAD ${repository} ${digest}`;
    const answer = await this.#ask('HEAD', `${repository}/blobs/${digest}`, scope, what);
    await answer.short();
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw refusal(what, answer.status, Buffer.alloc(0));
  }

  /** The bytes of a blob of a known size, also over cut connections. Its digest is the caller's to check. */
  blob(repository: string, digest: Digest, size: number): AsyncIterable<Uint8Array> {
    const what = `${this.host}: ${repository} ${digest}`;
    const url = this.#at(`${repository}/blobs/${digest}`);
    const request = { method: 'GET', url, scope: pullScope(repository), what } as const;
    return download(this.#requester, request, size);
  }

  /**
   * Makes the repository hold a blob: it may have it (HEAD), take it from another repository, or be sent it.
   *
   * @param from - a repository of the same registry that holds it
   * @param onSent - bytes that are on their way; negative where some have to be sent again
   */
  async pushBlob(
    repository: string,
    blob: SentBlob,
    { from, onSent = () => undefined }: { from?: string; onSent?: (n: number) => void } = {},
  ): Promise<'held' | 'mounted' | 'sent'> {
    const { digest, size, open } = blob;
    if (await this.hasBlob(repository, digest, pushScope(repository))) return 'held';
    const upload = await this.#begin(repository, { digest, from });
    if (upload === 'mounted') return 'mounted';
    const whole = {
      start: 0,
      size,
      whole: true,
      open: (skipped: number) => (skipped === 0 ? open() : without(open(), skipped)),
    };
    await this.#complete(upload, async () => {
      // An empty PATCH is no chunk to some registries; closing the session is enough.
      if (size > 0) await upload.send(whole, onSent);
      await this.#finish(upload, repository, digest);
    });
    return 'sent';
  }

  /** Sends a blob that comes by once. Its digest is asked for when it has gone by. */
  async pushStream(
    repository: string,
    source: AsyncIterable<Uint8Array> & { readonly digest: Digest },
    onSent: (bytes: number) => void = () => undefined,
  ): Promise<void> {
    const upload = await this.#begin(repository, {});
    if (upload === 'mounted') throw new RegistryError(`${this.host}: mounted unasked`);
    await this.#complete(upload, async () => {
      for await (const piece of pieces(source)) await upload.send(piece, onSent);
      await this.#finish(upload, repository, source.digest);
    });
  }

  /**
   * What refers to something else is then listed as such, by this client where the registry does not do so by itself.
   *
   * @param reference - a tag, or the manifest's digest
   */
  async pushManifest(
    repository: string,
    reference: string,
    { mediaType, bytes }: PushedManifest,
  ): Promise<void> {
    const what = `${this.host}: PUT ${repository}:${reference}`;
    const answer = await this.#requester.ask({
      method: 'PUT',
      url: this.#at(`${repository}/manifests/${reference}`),
      headers: { 'content-type': mediaType, 'content-length': String(bytes.byteLength) },
      body: bytes,
      scope: pushScope(repository),
      what,
    });
    const body = await answer.short();
    if (answer.status !== 201) throw refusal(what, answer.status, body);
    if (answer.headers['oci-subject'] !== undefined) return;
    const parsed = parseManifest(bytes, mediaType);
    if (!parsed.ok || parsed.manifest.subject === undefined) return;
    await addToFallback(this, repository, { mediaType, bytes }, parsed.manifest);
  }

  close(): void {
    this.#wire.close();
  }

  async #begin(
    repository: string,
    { digest, from }: { readonly digest?: Digest; readonly from?: string | undefined },
  ): Promise<Upload | 'mounted'> {
    const what = `${this.host}: upload to ${repository}`;
    const mounting = digest !== undefined && from !== undefined && from !== repository;
    const query = mounting ? `?mount=${digest}&from=${encodeURIComponent(from)}` : '';
    const url = this.#at(`${repository}/blobs/uploads/${query}`);
    const scope = pushScope(repository) + (mounting ? ` ${pullScope(from)}` : '');
    const headers = { 'content-length': '0' };
    const body = Buffer.alloc(0);
    const opened = await this.#requester.ask({ method: 'POST', url, headers, body, scope, what });
    const said = await opened.short();
    if (mounting && opened.status === 201) return 'mounted';
    if (opened.status !== 202) throw refusal(what, opened.status, said);
    const opening = { requester: this.#requester, registry: this.#url, scope, what };
    return new Upload({ ...opening, from: url, opened });
  }

  async #finish(upload: Upload, repository: string, digest: Digest): Promise<void> {
    try {
      await upload.finish(digest);
    } catch (error) {
      // Its answer may have been lost, and the repeated request found no session any more.
      if (!(await this.hasBlob(repository, digest, pushScope(repository)))) throw error;
    }
  }

  async #complete(upload: Upload, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await upload.cancel();
      throw error;
    }
  }

  #ask(
    method: Method,
    path: string,
    scope: string,
    what: string,
    {
      headers = {},
      tries,
    }: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly tries?: number | undefined;
    } = {},
  ): Promise<WireAnswer> {
    return this.#requester.ask({ method, url: this.#at(path), scope, what, headers }, tries);
  }

  #at(path: string): URL {
    return new URL(`${this.#url.href.replace(/\/$/, '')}/v2/${path}`);
  }
}

function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`;
}
