/** `POST /api/v1/import`: an image archive as the body, from the page's drop zone or curl. */
import { IMPORT_TYPE, type ImportLine, importQuery } from '../../api/import.ts';
import { ArchiveError } from '../../archive/archive-error.ts';
import {
  parseWantedName,
  type PlacedImage,
  placeImages,
  type WantedName,
} from '../../archive/image-names.ts';
import { pushImages } from '../../archive/push-images.ts';
import { readImages, SoleRepository } from '../../archive/read-images.ts';
import { readTarStream } from '../../archive/read-tar-stream.ts';
import { OciError } from '../../oci/error-codes.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { UnplacedBlobs } from '../../registry/unplaced-blobs.ts';
import type { Context, Handler } from '../context.ts';
import { queryText } from '../params.ts';
import type { Permissions } from '../permissions.ts';
import { requestBody } from '../request-body.ts';
import type { Services } from '../services.ts';
import { AnswerLines } from './answer-lines.ts';
import { ImportSink } from './import-sink.ts';
import { requireOwnOrigin } from './read-json.ts';

/** Bytes of the archive from one line of the answer to the next. */
const PROGRESS_BYTES = 8 * 1024 * 1024;

/** Imports at a time: each may hold tens of megabytes and a thousand open files. */
const MAX_IMPORTS = 4;

/**
 * Reads the archive as it arrives and answers with lines that tell how far it is. Nothing is tagged before all of it is
 * here; of an import that fails nothing is left but, at most, blobs that no manifest names, for the next collection.
 */
export function importArchive(services: Services): Handler {
  let running = 0;
  return async (ctx, permissions) => {
    const wanted = wantedName(queryText(ctx, 'to'));
    requireArchive(ctx);
    requireOwnOrigin(ctx);
    const mayPush = (name: RepositoryName): void => requirePush(name, services, permissions);
    if (wanted) mayPush(wanted.repository);
    if (running >= MAX_IMPORTS) {
      const message = `${MAX_IMPORTS} imports are running already`;
      throw new OciError('TOOMANYREQUESTS', { message, headers: { 'Retry-After': '10' } });
    }
    running += 1;
    const unplaced = services.pushBlob.unplaced();
    const lines = new AnswerLines<ImportLine>(ctx);
    try {
      const placed = await receiveAndClose(ctx, { services, unplaced, wanted, mayPush, lines });
      lines.end({ done: true, images: placed.map(summary) });
    } catch (error) {
      lines.fail(error instanceof ArchiveError ? refusal(error) : error);
    } finally {
      running -= 1;
    }
  };
}

interface Means {
  readonly services: Services;
  readonly unplaced: UnplacedBlobs;
  readonly wanted: WantedName | undefined;
  /** @throws OciError where who asks may not push there */
  readonly mayPush: (name: RepositoryName) => void;
  readonly lines: AnswerLines<ImportLine>;
}

/** What is dropped is gone before the answer says how it went. */
async function receiveAndClose(ctx: Context, means: Means): Promise<readonly PlacedImage[]> {
  try {
    return await receive(ctx, means);
  } finally {
    await means.unplaced.close();
  }
}

async function receive(
  ctx: Context,
  { services, unplaced, wanted, mayPush, lines }: Means,
): Promise<readonly PlacedImage[]> {
  const progress = { received: 0, blobs: 0 };
  let told = 0;
  const body = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of requestBody(ctx)) {
      progress.received += chunk.byteLength;
      if (progress.received - told >= PROGRESS_BYTES) {
        told = progress.received;
        lines.write(progress);
      }
      yield chunk;
    }
  };
  const sink = new ImportSink(services, unplaced, () => {
    progress.blobs += 1;
    lines.write(progress);
  });
  const sole = new SoleRepository();
  const archive = await readTarStream(body(), async (sofar) => {
    // Before gigabytes arrive for somewhere that is not open to who sends them.
    const only = wanted ? undefined : await sole.of(sofar);
    if (only !== undefined) mayPush(only);
    return sink;
  });
  const placed = placeImages(await readImages(archive), wanted);
  for (const { destinations } of placed) {
    for (const { repository } of destinations) mayPush(repository);
  }
  await pushImages(placed, sink);
  return placed;
}

function requirePush(name: RepositoryName, { naming }: Services, permissions: Permissions): void {
  const resolution = naming.resolve(name);
  if (resolution.state !== 'found') throw new OciError('NAME_INVALID', { detail: { name } });
  const { target } = resolution;
  if (target.kind === 'mirrored') {
    // Before it is told what the name means.
    permissions.require('push', target.repository);
    throw new OciError('DENIED', {
      message: 'mirrored repositories are read-only',
      detail: { name },
    });
  }
  permissions.require('push', target.hosted);
}

function wantedName(to: string | undefined): WantedName | undefined {
  const query = importQuery.safeParse({ to });
  const name = parseWantedName(query.data?.to ?? '');
  if (to === undefined || name !== undefined) return name;
  throw new OciError('NAME_INVALID', { message: 'to must be NAME or NAME:TAG' });
}

/** No page of another site may send this content type without being granted it first, which it never is. */
function requireArchive(ctx: Context): void {
  if (ctx.is(IMPORT_TYPE) !== false && ctx.get('Content-Type') !== '') return;
  throw new OciError('UNSUPPORTED', {
    status: 415,
    message: `an archive is sent as ${IMPORT_TYPE}, also if it is compressed`,
  });
}

function refusal(error: ArchiveError): OciError {
  return new OciError('BLOB_UPLOAD_INVALID', { message: error.message, cause: error });
}

function summary({ image, destinations }: PlacedImage) {
  return {
    digest: image.root.digest,
    pushed: destinations.map(({ repository, tag }) => `${repository}:${tag}`),
    missing: [...image.missing],
    referrers: image.referrers.length,
  };
}
