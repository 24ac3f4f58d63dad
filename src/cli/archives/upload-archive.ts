import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { IMPORT_TYPE, importLine } from '../../api/import.ts';
import type { ApiClient } from '../api-client.ts';
import { Progress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { archiveInput } from './archive-input.ts';
import type { Imported } from './imported.ts';

/** Sends an archive as it is to the API of a server, which calls its images by their names in full. */
export async function uploadArchive(
  path: string,
  client: ApiClient,
  terminal: Terminal,
): Promise<Imported> {
  const { body, size } = await open(path, terminal);
  const progress = new Progress(terminal, { unit: 'bytes' });
  const line = progress.add(`sending ${path === '-' ? 'stdin' : path}`, size);
  let sent = 0;
  try {
    const lines = client.upload(importLine, '/import', { names: 'full' }, IMPORT_TYPE, body);
    for await (const told of lines) {
      if ('done' in told) {
        line.end('done');
        const images = told.images.map((image) => ({ ...image, names: image.pushed }));
        return { registry: new URL(client.url).host, images, blobs: { ...NONE, sent } };
      }
      sent = told.blobs;
      line.update(told.received);
    }
  } catch (error) {
    line.end('failed');
    throw error;
  } finally {
    progress.close();
  }
  throw new Error('the answer was cut before the archive was through');
}

/** What goes through the API is always sent. */
const NONE = { held: 0, mounted: 0 };

async function open(
  path: string,
  { input }: Terminal,
): Promise<{ readonly body: AsyncIterable<Uint8Array>; readonly size?: number }> {
  if (path === '-') return { body: archiveInput(input) };
  const file = await stat(path);
  if (!file.isDirectory()) return { body: createReadStream(path), size: file.size };
  throw new Error(
    `${path} is a folder; send a tar of it: tar -C ${path} -c . | holdfast import - --full-names`,
  );
}
