import type { Archive } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { MANIFEST_JSON, namesInSave, readDockerSave } from './docker-save.ts';
import type { ArchivedImage } from './image.ts';
import { destinationOf, type NameForm } from './image-names.ts';
import { readLegacySave, REPOSITORIES } from './legacy-save.ts';
import { MAX_NAMES } from './limits.ts';
import { INDEX_JSON, LAYOUT_FILE, namesInLayout, readOciLayout } from './oci-layout.ts';

/**
 * The images of an archive, in whatever format it is. Archives of Docker since 25 are in two at once; the OCI layout
 * counts, since it has the manifests.
 *
 * @throws ArchiveError where there is none, or one is not whole, or they have too many names
 */
export async function readImages(archive: Archive): Promise<readonly ArchivedImage[]> {
  const images = await readAll(archive);
  if (images.length === 0) throw new ArchiveError('there is no image in the archive');
  if (images.reduce((sum, { names }) => sum + names.length, 0) > MAX_NAMES) {
    throw new ArchiveError(`the images have more than ${MAX_NAMES} names together`);
  }
  return images;
}

/**
 * Finds the one repository that all images of an archive go to by their own names, as soon as a stream has told them;
 * undefined before that, and where there are several. An archive that begins with its names can be sent on while it arrives.
 * It is asked again for each entry that comes, and reads the names once.
 */
export class SoleRepository {
  #layout: Promise<string | undefined> | undefined;
  #save: Promise<string | undefined> | undefined;

  readonly #form: NameForm;

  constructor(form: NameForm) {
    this.#form = form;
  }

  /** @param archive - the same one each time, with what has come of it so far */
  async of(archive: Archive): Promise<string | undefined> {
    if (archive.has(INDEX_JSON)) return await (this.#layout ??= this.#sole(namesInLayout(archive)));
    if (archive.has(MANIFEST_JSON)) return await (this.#save ??= this.#sole(namesInSave(archive)));
    return undefined;
  }

  async #sole(names: Promise<readonly string[]>): Promise<string | undefined> {
    const repositories = new Set<string | undefined>();
    for (const name of await names) repositories.add(destinationOf(name, this.#form)?.repository);
    const [only] = repositories;
    return repositories.size === 1 ? only : undefined;
  }
}

async function readAll(archive: Archive): Promise<readonly ArchivedImage[]> {
  if (archive.has(INDEX_JSON) && archive.has(LAYOUT_FILE)) return await readOciLayout(archive);
  if (archive.has(MANIFEST_JSON)) return await readDockerSave(archive);
  if (archive.has(REPOSITORIES)) return await readLegacySave(archive);
  throw new ArchiveError(
    `this is no image archive: it has neither ${INDEX_JSON} and ${LAYOUT_FILE} nor ${MANIFEST_JSON} nor ${REPOSITORIES}`,
  );
}
