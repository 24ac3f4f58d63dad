import { type DestinationStream, destination, pino } from 'pino';
import type { LogLevel } from '../config/config.ts';
import { errorFields } from './error-fields.ts';
import { GatheredLines } from './gathered-lines.ts';
import { hideSecrets } from './hide-secrets.ts';

/** A failure goes under the key `err`. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface LogMethod {
  (message: string): void;
  (fields: LogFields, message: string): void;
}

/** What the program logs with; the library behind it stays in this file. */
export interface Logger {
  readonly error: LogMethod;
  readonly warn: LogMethod;
  readonly info: LogMethod;
  readonly debug: LogMethod;
}

const stderr = (): DestinationStream => new GatheredLines(destination({ fd: 2, sync: true }));

let lastTime = { ms: Number.NaN, field: '' };

/** As pino's own, but spelled once for all lines of a millisecond. */
function isoTime(): string {
  const ms = Date.now();
  if (ms !== lastTime.ms) lastTime = { ms, field: `,"time":"${new Date(ms).toISOString()}"` };
  return lastTime.field;
}

/** A logger of JSON lines, on stderr unless told otherwise. */
export function createLogger(level: LogLevel, stream: DestinationStream = stderr()): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }), log: hideSecrets },
      serializers: { err: errorFields },
    },
    stream,
  );
}
