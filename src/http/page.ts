/** The page at `/`: built files, read once, served from memory. They hold no data, so nobody has to sign in for them. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { OciError } from '../oci/error-codes.ts';
import type { Context, Handler } from './context.ts';

interface PageFile {
  readonly bytes: Buffer;
  /** Compressed when it is first asked for: a start does not wait for that. */
  readonly gzipped: () => Buffer;
  readonly type: string;
  readonly hash: string;
}

/** By file name. Empty where the page has not been built. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but its own files and its own API; no script or style in the document, no frame around it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  Vary: 'Accept-Encoding',
};

/** Reads the built page. A folder that is not there is an empty page; any other failure rejects. */
export async function loadPage(dir: string): Promise<PageFiles> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = names.flatMap((name) => {
    const type = TYPES[extname(name)];
    return type === undefined ? [] : [{ name, type }];
  });
  return new Map(
    await Promise.all(
      files.map(async ({ name, type }): Promise<[string, PageFile]> => {
        const bytes = await readFile(join(dir, name));
        const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
        return [name, { bytes, gzipped: compressedOnce(bytes), type, hash }];
      }),
    ),
  );
}

function compressedOnce(bytes: Buffer): () => Buffer {
  let compressed: Buffer | undefined;
  return () => (compressed ??= gzipSync(bytes, { level: 9 }));
}

/** `/`: asked for again at each visit, so that a new version is there at once; unchanged it is a 304. */
export function getPage(files: PageFiles): Handler {
  return (ctx) => {
    const file = files.get('index.html');
    if (!file) {
      throw new OciError('NAME_UNKNOWN', { message: 'the page is not built: npm run build' });
    }
    send(ctx, file, 'no-cache');
  };
}

/** `/page/NAME`: named by content, so it never changes. */
export function getPageFile(files: PageFiles): Handler {
  return (ctx) => {
    const name = ctx.params['file'] ?? '';
    const file = name === 'index.html' ? undefined : files.get(name);
    if (!file) throw new OciError('NAME_UNKNOWN', { message: 'no such file' });
    send(ctx, file, 'public, max-age=31536000, immutable');
  };
}

function send(ctx: Context, file: PageFile, cacheControl: string): void {
  const gzip = ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
  ctx.set({
    ...HEADERS,
    'Cache-Control': cacheControl,
    // RFC 9110 §8.8.3: another coding is another representation, with a tag of its own.
    ETag: gzip ? `"${file.hash}-gzip"` : `"${file.hash}"`,
  });
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  if (gzip) ctx.set('Content-Encoding', 'gzip');
  ctx.type = file.type;
  ctx.body = gzip ? file.gzipped() : file.bytes;
}
