import { setImmediate as nextTurn } from 'node:timers/promises';
import { displayName, type Repository } from '../oci/repository.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { isGlob, literalPrefix, imageMatcher, repositoryPart } from '../oci/image-patterns.ts';
import { parseDigest } from '../oci/digest.ts';

/** More are not counted: a listing of pins must not walk through everything that is held. */
const MAX_COUNTED = 1_000;
/** Nor looked at. */
const MAX_TAGS = 10_000;

const REPOSITORIES_AT_A_TIME = 100;
const TAGS_AT_A_TIME = 500;

/** How many held images a pin keeps: tags that it matches, or the one manifest. */
export async function countImages(
  metadata: MetadataStore,
  pattern: string,
): Promise<{ readonly images: number; readonly more: boolean }> {
  const digest = parseDigest(pattern.slice(pattern.lastIndexOf('@') + 1));
  const matches = imageMatcher([pattern]) ?? (() => false);
  let [images, looked] = [0, 0];
  for await (const repository of repositoriesOf(metadata, pattern)) {
    const name = displayName(repository);
    if (digest !== undefined) {
      if (matches(`${name}@${digest}`) && (await metadata.findManifest(repository, digest))) {
        images += 1;
      }
      continue;
    }
    for await (const tag of tagsOf(metadata, repository)) {
      if (matches(`${name}:${tag}`)) images += 1;
      looked += 1;
      if (images >= MAX_COUNTED || looked >= MAX_TAGS) return { images, more: true };
    }
    await nextTurn();
  }
  return { images, more: false };
}

/** Those that a pattern may speak of: its names are a range of the index. */
async function* repositoriesOf(
  metadata: MetadataStore,
  pattern: string,
): AsyncGenerator<Repository> {
  const part = repositoryPart(pattern);
  const prefix = literalPrefix(part);
  const isMeant = imageMatcher([part]) ?? (() => false);
  // A text right before everything that begins with the prefix.
  let after = `${prefix.slice(0, -1)}${before(prefix.at(-1) ?? '')}`;
  for (;;) {
    const page = await metadata.listRepositories({ after, limit: REPOSITORIES_AT_A_TIME });
    for (const repository of page) {
      const name = displayName(repository);
      if (!name.startsWith(prefix)) return;
      if (isGlob(part) ? isMeant(name) : name === part) yield repository;
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = displayName(last);
    await nextTurn();
  }
}

async function* tagsOf(metadata: MetadataStore, repository: Repository): AsyncGenerator<string> {
  let after: string | undefined;
  do {
    const page = await metadata.listTags(repository, { after, limit: TAGS_AT_A_TIME });
    yield* page;
    after = page.at(-1);
  } while (after !== undefined);
}

function before(letter: string): string {
  return letter === '' ? '' : `${String.fromCodePoint((letter.codePointAt(0) ?? 1) - 1)}\u007f`;
}
