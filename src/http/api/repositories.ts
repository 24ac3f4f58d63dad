/** What is held, for people: repositories, tags, one image. */
import { imageQuery } from '../../api/image.ts';
import { repositoriesQuery } from '../../api/repositories.ts';
import { tagsQuery } from '../../api/tags.ts';
import { OciError } from '../../oci/error-codes.ts';
import type { Repository } from '../../oci/repository.ts';
import { isGlob } from '../../oci/image-patterns.ts';
import type { Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { heldImageOf, repositoriesOf } from './image-of.ts';
import { readQuery } from './read-query.ts';
import { sendJson } from './send-json.ts';

export function listRepositories({ inventory }: Services): Handler {
  return async (ctx, permissions) => {
    const query = readQuery(ctx, repositoriesQuery);
    const canSee = (repository: Repository): boolean => permissions.canSee(repository);
    sendJson(ctx, await inventory.repositories.repositories(query, canSee));
  };
}

export function listRepositoryTags(services: Services): Handler {
  return async (ctx, permissions) => {
    const query = readQuery(ctx, tagsQuery);
    for (const repository of repositoriesOf(query.repository, services, permissions)) {
      if (!(await services.metadata.hasRepository(repository))) continue;
      sendJson(ctx, await services.inventory.repositories.tags(repository, query));
      return;
    }
    throw new OciError('NAME_UNKNOWN', { detail: { name: query.repository } });
  };
}

/** Globs that pin it are for administrators alone, as in the list of pins. */
export function getImage(services: Services): Handler {
  return async (ctx, permissions) => {
    const { image } = readQuery(ctx, imageQuery);
    const found = await heldImageOf(image, services, permissions);
    const details = await services.inventory.images.describe(found);
    if (!details) throw new OciError('MANIFEST_UNKNOWN', { detail: { image } });
    const all = permissions.can('administer');
    const shown = details.pinnedBy.filter(({ pattern }) => all || !isGlob(pattern));
    sendJson(ctx, { ...details, pinnedBy: shown });
  };
}
