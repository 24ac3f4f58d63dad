import type * as z from 'zod';
import { ArchiveError, quoted } from './archive-error.ts';
import { type EntryContent, readWhole } from './content.ts';
import { parseShape } from './index-json.ts';
import { MAX_ENTRIES, MAX_JSON_BYTES, MAX_LINK_STEPS } from './limits.ts';

type Entry =
  | { readonly kind: 'file'; readonly content: EntryContent }
  | { readonly kind: 'link'; readonly to: string };

/** The entries of an archive by name, wherever their bytes are. */
export class Archive {
  readonly #entries = new Map<string, Entry>();

  /** @throws ArchiveError for a second entry of that name: readers differ in which of them counts */
  addFile(name: string, content: EntryContent): void {
    this.#add(name, { kind: 'file', content });
  }

  /** @param to - the name that the link leads to, from the root */
  addLink(name: string, to: string): void {
    this.#add(name, { kind: 'link', to });
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The content under that name, or behind the links from there; undefined where there is none. */
  find(name: string): EntryContent | undefined {
    let at = name;
    for (let steps = 0; steps <= MAX_LINK_STEPS; steps++) {
      const entry = this.#entries.get(at);
      if (entry?.kind !== 'link') return entry?.content;
      at = entry.to;
    }
    throw new ArchiveError(`the links from ${quoted(name)} do not end`);
  }

  /** @throws ArchiveError where it is not there */
  require(name: string): EntryContent {
    const content = this.find(name);
    if (content) return content;
    throw new ArchiveError(`the archive lacks ${quoted(name)}`);
  }

  /** @throws ArchiveError where it is not there, too large, or no JSON */
  async readJson(name: string): Promise<unknown> {
    return parseJson(await readWhole(this.require(name), MAX_JSON_BYTES, quoted(name)), name);
  }

  #add(name: string, entry: Entry): void {
    if (this.#entries.has(name)) {
      throw new ArchiveError(`the archive has two entries of the name ${quoted(name)}`);
    }
    if (this.#entries.size >= MAX_ENTRIES) {
      throw new ArchiveError(`the archive has more than ${MAX_ENTRIES} entries`);
    }
    this.#entries.set(name, entry);
  }
}

/** @throws ArchiveError where it is no JSON */
export function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ArchiveError(`${quoted(name)} is not valid JSON`, { cause: error });
  }
}

/** @throws ArchiveError where it is no JSON of that shape */
export function parseJsonAs<Shape>(
  schema: z.ZodType<Shape>,
  bytes: Uint8Array,
  name: string,
): Shape {
  return parseShape(schema, parseJson(bytes, name), name);
}
