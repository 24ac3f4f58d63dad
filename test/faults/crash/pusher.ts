/** A client that pushes to a hosted repository in every way that there is, and deletes again. */
import assert from 'node:assert/strict';
import { digestOf } from '../../../src/oci/digest.ts';
import { MediaType } from '../../../src/oci/media-types.ts';
import { madeUpBytes } from '../../helpers/fake-upstream-content.ts';
import type { Random } from '../random.ts';
import { ABSENT, type Ledger } from './ledger.ts';
import type { Victim } from './victim.ts';

const TAGS = ['v1', 'v2', 'latest'];
const MAX_BLOB = 1_500_000;

/** An upload that was begun and left. */
export interface LeftUpload {
  readonly location: string;
  readonly repository: string;
  readonly content: Buffer;
  /** Bytes that the server has acknowledged. */
  readonly acknowledged: number;
}

export interface PusherOptions {
  readonly repository: string;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Content that is mirrored too: what is pushed by one and fetched for another is stored once. */
  readonly shared: readonly Buffer[];
  /** Uploads are put here when they are left. */
  readonly left: LeftUpload[];
  /** Repositories to mount from. */
  readonly others: readonly string[];
}

export class Pusher {
  readonly #options: PusherOptions;

  constructor(options: PusherOptions) {
    this.#options = options;
  }

  /** One thing, whatever comes to mind. */
  async act(victim: Victim): Promise<void> {
    const { random } = this.#options;
    const roll = random.next();
    if (roll < 0.5) await this.#pushBlob(victim);
    else if (roll < 0.75) await this.#pushManifest(victim);
    else if (roll < 0.8) await this.#mount(victim);
    else if (roll < 0.87) await this.#leaveUpload(victim);
    else await this.#delete(victim, random.pick(['blob', 'tag', 'manifest']));
  }

  async #pushBlob(victim: Victim): Promise<void> {
    const { random, ledger, repository } = this.#options;
    const content = this.#content();
    const digest = digestOf(content);
    const acknowledge = ledger.begin([this.#blobPath(digest)], digest);
    const uploads = `/v2/${repository}/blobs/uploads/`;
    const post = { method: 'POST' };
    if (random.chance(0.3)) {
      await victim.expect(201, `${uploads}?digest=${digest}`, { ...post, body: content });
    } else {
      const location = await this.#begin(victim);
      const cut = random.chance(0.5) ? 0 : random.whole(0, content.length);
      if (cut > 0) await this.#patch(victim, location, content.subarray(0, cut), 0);
      const body = content.subarray(cut);
      await victim.expect(201, `${location}?digest=${digest}`, { method: 'PUT', body });
    }
    acknowledge();
  }

  async #pushManifest(victim: Victim): Promise<void> {
    const { random, ledger, repository } = this.#options;
    const held = ledger.held(this.#blobPath(''));
    if (held.length === 0) return;
    const named = Array.from({ length: random.whole(1, 3) }, () => random.pick(held));
    const descriptors = await Promise.all(named.map((path) => describe(victim, path)));
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MediaType.ociManifest,
        config: descriptors[0],
        layers: descriptors.slice(1),
        annotations: { made: String(random.next()) },
      }),
    );
    const digest = digestOf(manifest);
    const reference = random.chance(0.2) ? digest : random.pick(TAGS);
    const paths = [...new Set([this.#manifestPath(reference), this.#manifestPath(digest)])];
    const acknowledge = ledger.begin(paths, digest);
    await victim.expect(201, `/v2/${repository}/manifests/${reference}`, {
      method: 'PUT',
      body: manifest,
      headers: { 'Content-Type': MediaType.ociManifest },
    });
    acknowledge();
  }

  async #mount(victim: Victim): Promise<void> {
    const { random, ledger, repository, others } = this.#options;
    const from = random.pick(others);
    const held = ledger.held(`/v2/${from}/blobs/`);
    if (held.length === 0) return;
    const digest = random.pick(held).split('/').at(-1) ?? '';
    const acknowledge = ledger.begin([this.#blobPath(digest)], digest);
    const query = `mount=${digest}&from=${from}`;
    const { status } = await victim.ask(`/v2/${repository}/blobs/uploads/?${query}`, {
      method: 'POST',
    });
    // Its owner may have deleted it in the meantime: an upload is begun then.
    assert.ok(status === 201 || status === 202, `mount: ${status}`);
    if (status === 201) acknowledge();
  }

  async #leaveUpload(victim: Victim): Promise<void> {
    const { random, repository, left } = this.#options;
    const content = this.#content();
    const location = await this.#begin(victim);
    const acknowledged = random.whole(0, content.length);
    if (acknowledged > 0) await this.#patch(victim, location, content.subarray(0, acknowledged), 0);
    left.push({ location, repository, content, acknowledged });
  }

  async #delete(victim: Victim, what: 'blob' | 'tag' | 'manifest'): Promise<void> {
    const { random, ledger } = this.#options;
    const path = what === 'blob' ? this.#blobPath('') : this.#manifestPath('');
    const all = ledger.held(path).filter((one) => (what === 'tag') !== one.includes('sha256:'));
    if (all.length === 0) return;
    const gone = random.pick(all);
    const digest = gone.split('/').at(-1) ?? '';
    // A manifest takes its tags with it.
    const paths = what === 'manifest' ? ledger.naming(path, digest) : [gone];
    const acknowledge = ledger.begin(paths, ABSENT);
    await victim.expect(202, gone, { method: 'DELETE' });
    acknowledge();
  }

  async #begin(victim: Victim): Promise<string> {
    const path = `/v2/${this.#options.repository}/blobs/uploads/`;
    const headers = await victim.expect(202, path, { method: 'POST' });
    return headers.get('location') ?? '';
  }

  async #patch(victim: Victim, location: string, body: Buffer, first: number): Promise<void> {
    const headers = { 'Content-Range': `${first}-${first + body.length - 1}` };
    await victim.expect(202, location, { method: 'PATCH', body, headers });
  }

  #content(): Buffer {
    const { random, shared } = this.#options;
    if (random.chance(0.3)) return random.pick(shared);
    const size = Math.floor(MAX_BLOB * random.next() ** 3);
    return madeUpBytes(`pushed ${random.next()}`, size);
  }

  #blobPath(digest: string): string {
    return `/v2/${this.#options.repository}/blobs/${digest}`;
  }

  #manifestPath(reference: string): string {
    return `/v2/${this.#options.repository}/manifests/${reference}`;
  }
}

async function describe(victim: Victim, path: string): Promise<object> {
  const headers = await victim.expect(200, path, { method: 'HEAD' });
  return {
    mediaType: 'application/octet-stream',
    digest: path.split('/').at(-1),
    size: Number(headers.get('content-length')),
  };
}
