/** Pins: what is never evicted. Patterns are kept with names in full, as listings show them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PinEntry, PinsAnswer } from '../api/pins.ts';
import type { Clock } from '../clock.ts';
import { parseImageName } from '../oci/image-name.ts';
import { referenceText } from '../oci/reference.ts';
import { displayName } from '../oci/repository.ts';
import type { Naming } from '../registry/naming.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { isGlob, isUsablePattern } from '../oci/image-patterns.ts';
import { countImages } from './count-images.ts';

/** Each one is matched against what eviction comes by. */
const MAX_PINS = 1_000;

/** Manifests that one step of taking a pin away gives back: some milliseconds. */
const UNPIN_STEP = 250;

export type AddedPin =
  | { readonly ok: true; readonly pattern: string }
  | { readonly ok: false; readonly problem: string };

/** `configured`: it stands in the configuration, which alone takes it away. */
export type RemovedPin = 'removed' | 'absent' | 'configured';

export interface PinsOptions {
  readonly metadata: MetadataStore;
  readonly naming: Naming;
  readonly clock: Clock;
}

export class Pins {
  readonly #options: PinsOptions;

  constructor(options: PinsOptions) {
    this.#options = options;
  }

  async list(): Promise<PinsAnswer> {
    const pins: PinEntry[] = [];
    for (const pin of await this.#options.metadata.inventory.listPins()) {
      pins.push({ ...pin, ...(await countImages(this.#options.metadata, pin.pattern)) });
    }
    return { pins };
  }

  /** Adding what is there already is no mistake. */
  async add(text: string): Promise<AddedPin> {
    const { metadata, clock } = this.#options;
    const named = await this.#nameInFull(text);
    if (!named.ok) return named;
    const pins = await metadata.inventory.listPins();
    if (pins.length >= MAX_PINS) return problem(`there are ${MAX_PINS} pins already`);
    await metadata.inventory.addPin(named.pattern, clock.now());
    return named;
  }

  /**
   * Takes these for the pins of the configuration, in place of those that it had at the last start. The configuration has
   * been checked: a pattern that is none throws.
   */
  async configure(texts: readonly string[]): Promise<void> {
    const { metadata, clock } = this.#options;
    const patterns: string[] = [];
    for (const text of texts) {
      const named = await this.#nameInFull(text);
      if (!named.ok) throw new Error(`the pin ${text}: ${named.problem}`);
      patterns.push(named.pattern);
    }
    const at = clock.now();
    while ((await metadata.inventory.configurePins(patterns, at, UNPIN_STEP)) === 'more') {
      await nextTurn();
    }
  }

  /** `absent` where there is no such pin, neither as spelled nor with the name in full. */
  async remove(text: string): Promise<RemovedPin> {
    const named = await this.#nameInFull(text);
    const patterns = new Set([text, ...(named.ok ? [named.pattern] : [])]);
    const pins = await this.#options.metadata.inventory.listPins();
    const pin = pins.find(({ pattern }) => patterns.has(pattern));
    if (!pin || pin.configured) return pin ? 'configured' : 'absent';
    return this.#remove(pin.pattern);
  }

  async #remove(pattern: string): Promise<RemovedPin> {
    for (;;) {
      const step = await this.#options.metadata.inventory.removePin(pattern, UNPIN_STEP);
      if (step !== 'more') return step;
      await nextTurn();
    }
  }

  async #nameInFull(text: string): Promise<AddedPin> {
    return isGlob(text) ? this.#globInFull(text) : this.#imageInFull(text);
  }

  /** A first component that is an upstream's name or alias is spelled as the name; everything else stays as it is. */
  #globInFull(glob: string): AddedPin {
    if (!isUsablePattern(glob)) return problem('this is no glob');
    const slash = glob.indexOf('/');
    const upstream = slash === -1 ? undefined : this.#options.naming.upstream(glob.slice(0, slash));
    const pattern = upstream === undefined ? glob : upstream + glob.slice(slash);
    return { ok: true, pattern };
  }

  async #imageInFull(text: string): Promise<AddedPin> {
    const { naming, metadata } = this.#options;
    const image = parseImageName(text);
    const resolution = image && naming.resolve(image.name);
    if (!image || resolution?.state !== 'found') return problem('this is no name of an image');
    const { target } = resolution;
    const repository =
      target.kind === 'mirrored'
        ? target.repository
        : (await metadata.hasRepository(target.hosted)) || !target.mirrored
          ? target.hosted
          : target.mirrored;
    const { reference } = image;
    const end = reference?.kind === 'digest' ? '@' : ':';
    // As docker reads a name without a tag.
    const told = reference ? referenceText(reference) : 'latest';
    return { ok: true, pattern: `${displayName(repository)}${end}${told}` };
  }
}

function problem(text: string): AddedPin {
  return { ok: false, problem: text };
}
