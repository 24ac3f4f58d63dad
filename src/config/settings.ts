/**
 * The kinds of value that a configuration holds, as zod schemas. Each message is the rest of a sentence that starts with
 * the path of the key: `got "5 minutes", expected a duration such as "30s" or "5m"`.
 * Codecs, not transforms, so that a parsed configuration can be written back as a file would spell it.
 */
import { resolve } from 'node:path';
import * as z from 'zod';
import { parseImageName } from '../oci/image-name.ts';
import { isGlob, isUsablePattern, parseTagPattern } from '../oci/image-patterns.ts';
import { parsePlatform, platformText } from '../oci/platform.ts';
import { formatDuration, MAX_DURATION, parseDuration } from './durations.ts';
import { nearestKey } from './nearest-key.ts';
import { normalizeRegistryHost } from './registry-host.ts';
import { formatSize, parseSize } from './sizes.ts';

/** Enough to recognise a value by; a page of JSON in a message helps nobody. */
const MAX_SHOWN = 80;

/** An error map that says what was found and what is accepted. */
export function expected(what: string): (issue: { readonly input?: unknown }) => string {
  return (issue) => `got ${show(issue.input)}, expected ${what}`;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  // Not their content: it may be anything, secrets too.
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  // A URL may carry a password in front of its host.
  const text = JSON.stringify(value).replace(/\/\/[^"@]*@/g, '//(hidden)@');
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

/** A group of keys. Unknown ones are errors (one line each), with the key that was probably meant. */
export function section<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  notAnObject: (issue: { readonly input?: unknown }) => string = expected('an object'),
) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(key, known)).join('\n')
        : notAnObject(issue),
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearestKey(key, known);
  const hint =
    meant === undefined ? `the keys here are ${known.join(', ')}` : `did you mean "${meant}"?`;
  return `unknown key, ${hint}`;
}

/** A string in the file, something else (or something stricter) in the program. */
function spelled<Value>(
  what: string,
  parse: (text: string) => Value | undefined,
  format: (value: Value) => string,
) {
  const message = expected(what);
  return z
    .codec(z.string({ error: message }), z.custom<Value>(), {
      decode: (text, context) => {
        const value = parse(text);
        if (value !== undefined) return value;
        context.issues.push({ code: 'custom', message: message({ input: text }), input: text });
        return z.NEVER;
      },
      encode: format,
    })
    .meta({ accepts: what });
}

const asIs = (text: string): string => text;

export function duration(range: { readonly min?: number; readonly max?: number } = {}) {
  const { min = 0, max = MAX_DURATION } = range;
  const bounds = range.max === undefined ? '' : ` of at most ${formatDuration(max)}`;
  const atLeast = min === 0 ? '' : ', not zero';
  return spelled(
    `a duration${bounds} such as "30s" or "5m"${atLeast}`,
    (text) => {
      const ms = parseDuration(text);
      return ms === undefined || ms < min || ms > max ? undefined : ms;
    },
    formatDuration,
  );
}

export function size() {
  return spelled('a size such as "500MB", "50GB" or "2GiB"', parseSize, formatSize);
}

/** A file or folder; relative ones are relative to the working directory of the process. */
export function filePath() {
  return spelled('a path', (text) => (text === '' ? undefined : resolve(text)), asIs);
}

export function registryHost() {
  return spelled(
    'a registry host such as "ghcr.io" or "registry.local:5000"',
    normalizeRegistryHost,
    asIs,
  );
}

/** An image with its tag or digest, or a glob over the tags of one repository. */
export function taggedImages() {
  return spelled(
    'an image such as "alpine:3" or "ghcr.io/org/app@sha256:…", or a glob over its tags such as "alpine:3.*"',
    (text) => (parseImageName(text)?.reference || parseTagPattern(text) ? text : undefined),
    asIs,
  );
}

/** An image, or a glob over `NAME:TAG` in which `*` matches slashes too. */
export function imagePattern() {
  return spelled(
    'an image or a glob such as "alpine:3" or "ghcr.io/org/**"',
    (text) => (isImagePattern(text) ? text : undefined),
    asIs,
  );
}

function isImagePattern(text: string): boolean {
  return isGlob(text) ? isUsablePattern(text) : parseImageName(text) !== undefined;
}

export function platform() {
  return spelled('a platform such as "linux/amd64"', parsePlatform, platformText);
}

const LISTEN_HOST = /^(?:[\w.-]+|\[?[\da-f:.]*:[\da-f:.]+(?:%\w+)?\]?)$/i;

/** An address or name to listen on. Brackets around IPv6 are dropped. */
export function listenHost() {
  return spelled(
    'an address or host name such as "127.0.0.1", "0.0.0.0" or "::1"',
    (text) => (LISTEN_HOST.test(text) ? text.replace(/^\[|\]$/g, '') : undefined),
    asIs,
  );
}

/** The address of a registry. It may have a path (`https://example.com/prefix`); `/v2/` follows it. */
export function registryUrl() {
  return spelled(
    'an http:// or https:// URL without user information, query or fragment',
    (text) => {
      const url = httpUrl(text);
      if (url === undefined || url.username !== '' || url.password !== '') return undefined;
      if (url.search !== '' || url.hash !== '') return undefined;
      return url.origin + url.pathname.replace(/\/+$/, '');
    },
    asIs,
  );
}

const URL_PREFIX = /^(?:\/[\w.~-]+)+\/$/;

/** The beginning of URL paths, from slash to slash. */
export function urlPrefix() {
  return spelled(
    'a path that begins and ends with a slash, such as "/protected/"',
    (text) => (URL_PREFIX.test(text) ? text : undefined),
    asIs,
  );
}

export function proxyUrl() {
  return spelled(
    'an http:// or https:// URL such as "http://proxy:3128"',
    (text) => httpUrl(text)?.href,
    asIs,
  );
}

function httpUrl(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

export function whole(min: number, max: number) {
  const what = `a whole number from ${min} to ${max}`;
  const error = expected(what);
  return z.int({ error }).min(min, { error }).max(max, { error }).meta({ accepts: what });
}

export function flag() {
  return z.boolean({ error: expected('true or false') }).meta({ accepts: 'true or false' });
}

export function choice<const Values extends readonly [string, ...string[]]>(...values: Values) {
  const what = values.map((value) => JSON.stringify(value)).join(', ');
  return z.enum(values, { error: expected(`one of ${what}`) }).meta({ accepts: what });
}

/** Globs: a list, so that each can be told by its index. */
export function globs() {
  return z
    .array(glob(), { error: expected('a list of globs') })
    .meta({ accepts: 'a list of globs' });
}

export function glob() {
  const error = expected('a glob such as "library/*"');
  return z.string({ error }).min(1, { error }).meta({ accepts: 'a glob' });
}
