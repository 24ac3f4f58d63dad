/** The archives that are being sent, one at a time, and those that were. */
import type { ImportedImage, ImportLine, ImportQuery } from '../../api/import.ts';
import { failureText } from '../parts/answered.tsx';
import { failureOf } from '../server/failure.ts';
import { Shared } from '../shared.ts';
import { sendArchive } from './send-archive.ts';

export interface Upload {
  readonly id: number;
  readonly file: File;
  readonly names: ImportQuery['names'];
  readonly progress:
    | { readonly state: 'waiting' }
    | { readonly state: 'sending'; readonly sent: number }
    /** All is sent; blobs are being put in their place. */
    | { readonly state: 'storing'; readonly blobs: number }
    | { readonly state: 'done'; readonly images: readonly ImportedImage[] }
    | { readonly state: 'failed'; readonly message: string };
}

/** How images are called that are imported from now on; in full is for administrators. */
export const nameForm = new Shared<ImportQuery['names']>('short');

const uploads = new Shared<readonly Upload[]>([]);
const stops = new Map<number, AbortController>();
let lastId = 0;
/** Two at a time would share the same line and disk, and both would take longer. */
let queue: Promise<void> = Promise.resolve();

export function useUploads(): readonly Upload[] {
  return uploads.use();
}

export function addUploads(files: readonly File[]): void {
  for (const file of files) {
    lastId += 1;
    const upload: Upload = {
      id: lastId,
      file,
      names: nameForm.value,
      progress: { state: 'waiting' },
    };
    uploads.change((before) => [...before, upload]);
    enqueue(upload);
  }
}

/** Sends one again that failed. */
export function retryUpload(upload: Upload, to: string | undefined): void {
  set(upload.id, { state: 'waiting' });
  enqueue(upload, to);
}

function enqueue(upload: Upload, to?: string): void {
  stops.set(upload.id, new AbortController());
  queue = queue.then(() => send(upload, to));
}

/** Stops one that is on its way, and takes it from the list. */
export function dropUpload(id: number): void {
  stops.get(id)?.abort();
  stops.delete(id);
  uploads.change((before) => before.filter((upload) => upload.id !== id));
}

async function send({ id, file, names }: Upload, to: string | undefined): Promise<void> {
  const stop = stops.get(id);
  if (!stop) return;
  let images: readonly ImportedImage[] = [];
  const sent = (bytes: number): void => {
    const whole = bytes >= file.size;
    set(id, whole ? { state: 'storing', blobs: 0 } : { state: 'sending', sent: bytes });
  };
  const line = (told: ImportLine): void => {
    if ('done' in told) images = told.images;
    else if (told.received >= file.size) set(id, { state: 'storing', blobs: told.blobs });
  };
  try {
    set(id, { state: 'sending', sent: 0 });
    await sendArchive(file, { to, names }, { sent, line }, stop.signal);
    set(id, { state: 'done', images });
  } catch (error) {
    set(id, { state: 'failed', message: failureText(failureOf(error)) });
  }
}

function set(id: number, progress: Upload['progress']): void {
  uploads.change((before) =>
    before.map((upload) => (upload.id === id ? { ...upload, progress } : upload)),
  );
}
