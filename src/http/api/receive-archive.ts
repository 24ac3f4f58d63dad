import type { ImportLine } from '../../api/import.ts';
import {
  type NameForm,
  type PlacedImage,
  placeImages,
  type WantedName,
} from '../../archive/image-names.ts';
import { pushImages } from '../../archive/push-images.ts';
import { readImages, SoleRepository } from '../../archive/read-images.ts';
import { readTarStream } from '../../archive/read-tar-stream.ts';
import type { UnplacedBlobs } from '../../registry/unplaced-blobs.ts';
import type { Context } from '../context.ts';
import { requestBody } from '../request-body.ts';
import type { Services } from '../services.ts';
import type { AnswerLines } from './answer-lines.ts';
import type { ImportGoals } from './import-goals.ts';
import { ImportSink } from './import-sink.ts';

/** Bytes of the archive from one line of the answer to the next. */
const PROGRESS_BYTES = 8 * 1024 * 1024;

export interface ImportMeans {
  readonly services: Services;
  readonly unplaced: UnplacedBlobs;
  readonly wanted: WantedName | undefined;
  readonly names: NameForm;
  readonly goals: ImportGoals;
  readonly lines: AnswerLines<ImportLine>;
}

/**
 * Reads the archive that is the body of the request, and pushes its images. What is dropped is gone before the answer says how
 * it went.
 */
export async function receiveArchive(
  ctx: Context,
  means: ImportMeans,
): Promise<readonly PlacedImage[]> {
  try {
    return await receive(ctx, means);
  } finally {
    await means.unplaced.close();
  }
}

async function receive(
  ctx: Context,
  { services, unplaced, wanted, names, goals, lines }: ImportMeans,
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
  const sink = new ImportSink(services, unplaced, goals, () => {
    progress.blobs += 1;
    lines.write(progress);
  });
  const sole = new SoleRepository(names);
  const archive = await readTarStream(body(), async (sofar) => {
    // Before gigabytes arrive for somewhere that is not open to who sends them.
    const only = wanted ? undefined : await sole.of(sofar);
    if (only !== undefined) goals.of(only);
    return sink;
  });
  const placed = placeImages(await readImages(archive), wanted, names);
  for (const { destinations } of placed) {
    for (const { repository } of destinations) goals.of(repository);
  }
  await pushImages(placed, sink);
  return placed;
}
