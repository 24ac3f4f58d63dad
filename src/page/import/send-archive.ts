/** Sends an archive and reads what becomes of it while it is being taken in. */
import { IMPORT_TYPE, type ImportLine, type ImportQuery } from '../../api/import.ts';
import { authorizationHeader } from '../server/credentials.ts';
import { failedAnswer, parseJson } from '../server/error-answer.ts';
import { RequestError, UNREACHABLE } from '../server/failure.ts';
import { apiPath } from '../server/request.ts';
import { LineReader } from './line-reader.ts';

const OK = 200;

export interface SendEvents {
  /** So many bytes of the file are out. */
  readonly sent: (bytes: number) => void;
  readonly line: (line: ImportLine) => void;
}

/**
 * Resolves once the answer is whole and its last line says that all went well; rejects with a RequestError, also where
 * `signal` stops it. With XMLHttpRequest, because fetch does not tell how much has been sent.
 *
 * @param query - what the images are to be called
 */
export function sendArchive(
  file: File,
  query: ImportQuery,
  events: SendEvents,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const lines = new LineReader(events.line);
    request.open('POST', apiPath('import', { ...query }));
    const headers = { ...authorizationHeader(), 'Content-Type': IMPORT_TYPE };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded }) => events.sent(loaded));
    request.addEventListener('progress', () => {
      if (request.status === OK) lines.read(request.responseText);
    });
    request.addEventListener('load', () => {
      const { status, responseText } = request;
      const failure =
        status === OK ? lines.end(responseText) : failedAnswer(status, parseJson(responseText));
      if (failure) reject(new RequestError(failure));
      else resolve();
    });
    request.addEventListener('error', () => reject(new RequestError(UNREACHABLE)));
    request.addEventListener('abort', () => reject(new RequestError(STOPPED)));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}

const STOPPED = { kind: 'refused', message: 'Stopped.' } as const;
