/** What is done to one image: asked for again, or deleted. */
import {
  type DeleteImageAnswer,
  imageQuery,
  type RefreshAnswer,
  refreshRequest,
} from '../../api/image.ts';
import { OciError } from '../../oci/error-codes.ts';
import { referenceText } from '../../oci/reference.ts';
import { displayName, type MirroredRepository } from '../../oci/repository.ts';
import type { Target } from '../../registry/naming.ts';
import { UpstreamError } from '../../upstream/errors.ts';
import type { Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { heldImageOf, imageOf, type NamedImage } from './image-of.ts';
import { readJson } from './read-json.ts';
import { readQuery } from './read-query.ts';
import { requireOwnDelete } from './require-own-delete.ts';
import { sendJson } from './send-json.ts';

export function refreshImage(services: Services): Handler {
  return async (ctx, permissions) => {
    const { image, force = false } = await readJson(ctx, refreshRequest);
    const named = imageOf(image, services, permissions);
    const repository = await mirroredOf(named, services);
    try {
      sendJson(ctx, await refresh(repository, named, force, services));
    } catch (error) {
      const isGone = error instanceof UpstreamError && GONE.has(error.kind);
      if (!isGone) throw error;
      throw new OciError('MANIFEST_UNKNOWN', {
        message: 'upstream does not have it, or does not give it',
        detail: { image },
        cause: error,
      });
    }
  };
}

const GONE: ReadonlySet<UpstreamError['kind']> = new Set(['not-found', 'denied']);

async function mirroredOf(
  { repositories }: NamedImage,
  { metadata }: Services,
): Promise<MirroredRepository> {
  for (const repository of repositories) {
    if (repository.kind === 'mirrored') return repository;
    if (!(await metadata.hasRepository(repository))) continue;
    throw new OciError('UNSUPPORTED', {
      status: 400,
      message: 'it is hosted here: there is no upstream to ask',
    });
  }
  throw new OciError('NAME_UNKNOWN', { message: 'no upstream is configured for it' });
}

async function refresh(
  repository: MirroredRepository,
  { reference }: NamedImage,
  force: boolean,
  { metadata, pullThrough }: Services,
): Promise<RefreshAnswer> {
  const name = displayName(repository);
  if (reference.kind === 'tag') {
    const refreshed = await pullThrough.refresh(repository, reference.tag, { force });
    const { before, manifest, isHeldBack } = refreshed;
    return {
      image: `${name}:${reference.tag}`,
      before: before ?? null,
      after: manifest.digest,
      changed: before !== manifest.digest,
      heldBack: isHeldBack,
    };
  }
  // What a digest names never changes: it can only be missing here.
  const { digest } = reference;
  const held = await metadata.findManifest(repository, digest);
  if (!held) await pullThrough.ensureManifest(repository, digest);
  return {
    image: `${name}@${digest}`,
    before: held ? digest : null,
    after: digest,
    changed: !held,
    heldBack: false,
  };
}

export function deleteImage(services: Services): Handler {
  return async (ctx, permissions) => {
    requireOwnDelete(ctx);
    const { image } = readQuery(ctx, imageQuery);
    const { repository, digest, tag } = await heldImageOf(image, services, permissions);
    if (repository.kind === 'hosted' && !services.access.isTurnedOn('delete')) {
      throw new OciError('UNSUPPORTED', { message: 'deletes are turned off' });
    }
    const summary = await services.metadata.inventory.describeManifest(repository, digest);
    const reference = tag
      ? ({ kind: 'tag', tag: tag.name } as const)
      : { kind: 'digest' as const, digest };
    const target: Target =
      repository.kind === 'mirrored'
        ? { kind: 'mirrored', repository }
        : { kind: 'bare', hosted: repository, mirrored: undefined };
    await services.deletes.manifest(target, reference);
    const name = displayName(repository);
    const tags = tag ? [] : (summary?.tags ?? []).map((one) => `${name}:${one}`);
    const own = `${name}${tag ? ':' : '@'}${referenceText(reference)}`;
    const answer: DeleteImageAnswer = { deleted: [own, ...tags], freedLater: true };
    sendJson(ctx, answer);
  };
}
