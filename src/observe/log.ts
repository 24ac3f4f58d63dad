import { type DestinationStream, destination, pino } from 'pino';
import type { LogLevel } from '../config/config.ts';
import { errorFields } from './error-fields.ts';

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
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

/** Nobody should log these at all; this catches who does, at the top of a line and one level down. */
const SECRET_KEYS = [
  'authorization',
  'Authorization',
  '["proxy-authorization"]',
  'password',
  'token',
  'access_token',
  'refresh_token',
  'credentials',
];

const REDACTED = SECRET_KEYS.flatMap((key) =>
  key.startsWith('[') ? [key, `*${key}`] : [key, `*.${key}`],
);

/** Lines are written at once and in order: the last words before a crash are the ones that are needed. */
const stderr = (): DestinationStream => destination({ fd: 2, sync: true });

/** A logger of JSON lines, on stderr unless told otherwise. */
export function createLogger(level: LogLevel, stream: DestinationStream = stderr()): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
      redact: { paths: REDACTED, censor: '(hidden)' },
    },
    stream,
  );
}
