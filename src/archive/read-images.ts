import type { RepositoryName } from '../oci/repository-name.ts';
import type { Archive } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { MANIFEST_JSON, namesInSave, readDockerSave } from './docker-save.ts';
import type { ArchivedImage } from './image.ts';
import { destinationOf } from './image-names.ts';
import { readLegacySave, REPOSITORIES } from './legacy-save.ts';
import { INDEX_JSON, LAYOUT_FILE, namesInLayout, readOciLayout } from './oci-layout.ts';

/**
 * The images of an archive, in whatever format it is. Archives of Docker since 25 are in two at once; the OCI layout
 * counts, since it has the manifests.
 *
 * @throws ArchiveError where there is none, or one is not whole
 */
export async function readImages(archive: Archive): Promise<readonly ArchivedImage[]> {
  const images = await readAll(archive);
  if (images.length === 0) throw new ArchiveError('there is no image in the archive');
  return images;
}

/**
 * The one repository that all images go to by their own names, as soon as a stream has told them; undefined before that,
 * and where there are several. An archive that begins with its names can be sent on while it arrives.
 */
export async function soleRepository(archive: Archive): Promise<RepositoryName | undefined> {
  const names = await namesSoFar(archive);
  const [only, ...others] = new Set(names?.map((name) => destinationOf(name)?.repository));
  return others.length === 0 ? only : undefined;
}

async function namesSoFar(archive: Archive): Promise<readonly string[] | undefined> {
  if (archive.has(INDEX_JSON)) return await namesInLayout(archive);
  return archive.has(MANIFEST_JSON) ? await namesInSave(archive) : undefined;
}

async function readAll(archive: Archive): Promise<readonly ArchivedImage[]> {
  if (archive.has(INDEX_JSON) && archive.has(LAYOUT_FILE)) return await readOciLayout(archive);
  if (archive.has(MANIFEST_JSON)) return await readDockerSave(archive);
  if (archive.has(REPOSITORIES)) return await readLegacySave(archive);
  throw new ArchiveError(
    `this is no image archive: it has neither ${INDEX_JSON} and ${LAYOUT_FILE} nor ${MANIFEST_JSON} nor ${REPOSITORIES}`,
  );
}
