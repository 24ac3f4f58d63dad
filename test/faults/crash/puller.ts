/** A client that pulls mirrored images, whole and in part, and leaves in the middle. Every byte that it gets is checked. */
import assert from 'node:assert/strict';
import type { FakeImage } from '../../helpers/fake-upstream-content.ts';
import { RawClient } from '../../helpers/raw-client.ts';
import type { Random } from '../random.ts';
import { OverError, type Victim } from './victim.ts';

export interface MirroredImage extends FakeImage {
  /** As it is called here, with its upstream. */
  readonly repository: string;
  readonly tag: string;
}

export class Puller {
  readonly #random: Random;
  readonly #images: readonly MirroredImage[];
  /** Bytes that were got and were right. */
  received = 0;

  constructor(random: Random, images: readonly MirroredImage[]) {
    this.#random = random;
    this.#images = images;
  }

  /** One image, in one of several ways. */
  async act(victim: Victim): Promise<void> {
    const random = this.#random;
    const image = random.pick(this.#images);
    const { repository, tag, manifest } = image;
    if (random.chance(0.7)) {
      const reference = random.chance(0.5) ? tag : image.manifestDigest;
      const { status, body } = await victim.ask(`/v2/${repository}/manifests/${reference}`);
      assert.equal(status, 200, `${repository}:${reference}: ${body.toString()}`);
      assert.ok(body.equals(manifest), `wrong bytes of ${repository}:${reference}`);
    }
    const blobs = new Map(image.layerDigests.map((digest, index) => [digest, image.layers[index]]));
    blobs.set(image.configDigest, image.config);
    for (const [digest, content = Buffer.alloc(0)] of blobs) {
      await this.#pullBlob(victim, `/v2/${repository}/blobs/${digest}`, content);
    }
    if (random.chance(0.4)) await this.#dropCopy(victim, image);
  }

  async #pullBlob(victim: Victim, path: string, content: Buffer): Promise<void> {
    if (victim.dying) throw new OverError();
    const random = this.#random;
    const first = random.chance(0.4) ? random.whole(0, content.length - 1) : 0;
    const last = random.chance(0.4) ? random.whole(first, content.length - 1) : content.length - 1;
    const whole = first === 0 && last === content.length - 1;
    const url = `http://127.0.0.1:${victim.port}${path}`;
    const client = RawClient.get(url, whole ? {} : { Range: `bytes=${first}-${last}` });
    const wanted = content.subarray(first, last + 1);
    const leaves = random.chance(0.15);
    if (leaves) await client.bytes(random.whole(0, wanted.length)).catch(() => undefined);
    else await client.end();
    client.leave();
    const { body, status } = client;
    if (status !== 0) assert.equal(status, whole ? 200 : 206, `${path}: ${body.toString()}`);
    assert.ok(wanted.subarray(0, body.length).equals(body), `wrong bytes of ${path}`);
    this.received += body.length;
    if (!leaves && !victim.dying) assert.equal(body.length, wanted.length, `${path} was cut`);
  }

  /** Others may have done so before, or be pulling it. */
  async #dropCopy(victim: Victim, image: MirroredImage): Promise<void> {
    const path = this.#random.pick([
      `manifests/${image.tag}`,
      `manifests/${image.manifestDigest}`,
      ...image.layerDigests.map((digest) => `blobs/${digest}`),
    ]);
    const { status } = await victim.ask(`/v2/${image.repository}/${path}`, { method: 'DELETE' });
    assert.ok(status === 202 || status === 404, `DELETE ${path}: ${status}`);
  }
}
