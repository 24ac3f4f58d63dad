/** `POST /api/v1/import`: an image archive as the body, from the page's drop zone or curl. */
import { IMPORT_TYPE, type ImportLine, importQuery } from '../../api/import.ts';
import { ArchiveError } from '../../archive/archive-error.ts';
import { parseWantedName, type PlacedImage, type WantedName } from '../../archive/image-names.ts';
import { OciError } from '../../oci/error-codes.ts';
import type { Context, Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { AnswerLines } from './answer-lines.ts';
import { ImportGoals } from './import-goals.ts';
import { requireOwnOrigin } from './read-json.ts';
import { readQuery } from './read-query.ts';

/** Imports at a time: each may hold tens of megabytes and a thousand open files. */
const MAX_IMPORTS = 4;

/**
 * Reads the archive as it arrives and answers with lines that tell how far it is. Nothing is tagged before all of it is
 * here; of an import that fails nothing is left but, at most, blobs that no manifest names, for the next collection.
 */
export function importArchive(services: Services): Handler {
  let running = 0;
  return async (ctx, permissions) => {
    const { to, names } = readQuery(ctx, importQuery);
    const wanted = wantedName(to);
    requireArchive(ctx);
    requireOwnOrigin(ctx);
    const goals = new ImportGoals(services, permissions, names);
    if (wanted) goals.of(wanted.repository);
    if (running >= MAX_IMPORTS) {
      const message = `${MAX_IMPORTS} imports are running already`;
      throw new OciError('TOOMANYREQUESTS', { message, headers: { 'Retry-After': '10' } });
    }
    running += 1;
    const unplaced = services.pushBlob.unplaced();
    const lines = new AnswerLines<ImportLine>(ctx);
    try {
      // Here and not above, because a server starts without all that reads archives.
      const { receiveArchive } = await import('./receive-archive.ts');
      const placed = await receiveArchive(ctx, {
        services,
        unplaced,
        wanted,
        names,
        goals,
        lines,
      });
      lines.end({ done: true, images: placed.map(summary) });
    } catch (error) {
      lines.fail(error instanceof ArchiveError ? refusal(error) : error);
    } finally {
      running -= 1;
    }
  };
}

function wantedName(to: string | undefined): WantedName | undefined {
  const name = parseWantedName(to ?? '');
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
