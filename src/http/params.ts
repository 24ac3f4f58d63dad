/** Path, query and header strings become values here, once; behind this file nobody parses text again. */
import {
  parseDigest,
  parseDigestAlgorithm,
  type Digest,
  type DigestAlgorithm,
} from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import { parseReference, parseTag, type Reference, type Tag } from '../oci/reference.ts';
import type { HostedRepository, Repository } from '../oci/repository.ts';
import type { Naming, Target } from '../registry/naming.ts';
import type { ListPage } from '../upstream/upstream.ts';
import type { Action } from './access.ts';
import type { Context } from './context.ts';
import type { Permissions } from './permissions.ts';
import type { Services } from './services.ts';

/** Encoded slashes, backslashes and NULs never stand in a name; decoding them would let a path say what the router did not see. */
const FORBIDDEN_ENCODING = /%(?:2f|5c|00)/i;

/** Where a pull may look (or a delete): resolves name and `ns`, and throws unless the client may do that there. */
export async function pullTarget(
  ctx: Context,
  { naming, metadata }: Pick<Services, 'naming' | 'metadata'>,
  permissions: Permissions,
  action: Action = 'pull',
): Promise<Target> {
  const name = nameOf(ctx);
  const told = queryText(ctx, 'ns');
  // A client may name this very server; that means what is here.
  const itself = told !== undefined && told.toLowerCase() === ctx.host.toLowerCase();
  const namespace = itself ? undefined : told;
  const resolution = naming.resolve(name, namespace);
  switch (resolution.state) {
    case 'invalid-name':
      throw new OciError('NAME_INVALID', { detail: { name: name.slice(0, 300) } });
    case 'unknown-namespace':
      throw new OciError('NAME_UNKNOWN', {
        message: 'no upstream is configured for this namespace',
      });
    case 'found':
      break;
  }
  const { target } = resolution;
  // It has matched a configured name: nothing but what a host name may have is reflected.
  if (namespace !== undefined) ctx.set('OCI-Namespace', namespace);
  if (target.kind === 'mirrored') {
    permissions.require(action, target.repository);
    return target;
  }
  const { hosted, mirrored } = target;
  const open = mirrored && permissions.may(action, mirrored) ? mirrored : undefined;
  if (permissions.may(action, hosted)) return { ...target, mirrored: open };
  // What is closed is not there for the client, so that the name means the upstream's repository. But never in the place of
  // what is hosted: a client that sends its credentials only when asked would get a stranger's image for its own.
  if (!open || (await metadata.hasRepository(hosted))) permissions.require(action, hosted);
  return open ? { kind: 'mirrored', repository: open } : target;
}

/** Where a push goes: a hosted repository that the client may push to; `ns` does not count. Upstreams' names are read-only. */
export function pushTarget(
  ctx: Context,
  naming: Naming,
  permissions: Permissions,
): { readonly repository: HostedRepository; readonly target: Extract<Target, { kind: 'bare' }> } {
  const name = nameOf(ctx);
  const resolution = naming.resolve(name);
  if (resolution.state !== 'found') {
    throw new OciError('NAME_INVALID', { detail: { name: name.slice(0, 300) } });
  }
  const { target } = resolution;
  if (target.kind === 'mirrored') {
    permissions.require('push', target.repository);
    throw new OciError('DENIED', { message: 'mirrored repositories are read-only' });
  }
  permissions.require('push', target.hosted);
  return { repository: target.hosted, target };
}

/** The repositories that a mount may take a blob from, by the name that the client gives. */
export function mountSources(
  from: string,
  naming: Naming,
  permissions: Permissions,
): readonly Repository[] {
  const resolution = naming.resolve(from);
  if (resolution.state !== 'found') return [];
  const { target } = resolution;
  const candidates =
    target.kind === 'mirrored' ? [target.repository] : [target.hosted, target.mirrored];
  return candidates
    .filter((one) => one !== undefined)
    .filter((one) => permissions.may('pull', one, from));
}

function nameOf(ctx: Context): string {
  const name = ctx.params['name'];
  if (name === undefined || FORBIDDEN_ENCODING.test(ctx.path)) throw new OciError('NAME_INVALID');
  return name;
}

/** What a manifest is asked for by. What cannot name one does not exist (404); pushing to it is wrong (400). */
export function referenceOf(ctx: Context): Reference {
  const text = ctx.params['reference'] ?? '';
  const reference = parseReference(text);
  if (reference) return reference;
  // A path item with a colon was meant as a digest, whatever else it is.
  if (text.includes(':')) throw new OciError('DIGEST_INVALID', { message: 'invalid digest' });
  const code = ctx.method === 'PUT' ? 'MANIFEST_INVALID' : 'MANIFEST_UNKNOWN';
  throw new OciError(code, { message: 'neither a tag nor a digest' });
}

export function digestOfPath(ctx: Context): Digest {
  return requireDigest(ctx.params['digest'] ?? '');
}

export function requireDigest(text: string): Digest {
  const digest = parseDigest(text);
  if (digest === undefined) {
    throw new OciError('DIGEST_INVALID', { message: 'invalid or unsupported digest' });
  }
  return digest;
}

/** `digest-algorithm` of an upload (spec main, end-4c). */
export function algorithmOf(ctx: Context): DigestAlgorithm {
  const text = queryText(ctx, 'digest-algorithm');
  if (text === undefined) return 'sha256';
  const algorithm = parseDigestAlgorithm(text);
  if (algorithm === undefined) {
    throw new OciError('DIGEST_INVALID', { message: 'unsupported digest algorithm' });
  }
  return algorithm;
}

/** Every `tag` of a manifest push by digest (spec main, end-7b). */
export function tagsOf(ctx: Context): readonly Tag[] {
  const texts = query(ctx).getAll('tag');
  if (texts.length > MAX_TAGS)
    throw new OciError('MANIFEST_INVALID', { status: 414, message: 'too many tags' });
  return texts.map((text) => {
    const tag = parseTag(text);
    if (tag === undefined) throw new OciError('MANIFEST_INVALID', { message: 'invalid tag' });
    return tag;
  });
}

/** The spec asks for ten at least; the request line bounds it anyway. */
const MAX_TAGS = 100;

/** `n` and `last` of a listing. */
export function pageOf(ctx: Context): ListPage {
  const n = queryText(ctx, 'n');
  if (n !== undefined && !/^\d{1,15}$/.test(n)) {
    throw new OciError('UNSUPPORTED', {
      status: 400,
      message: 'n must be a number of entries, 0 or more',
    });
  }
  return { n: n === undefined ? undefined : Number(n), last: queryText(ctx, 'last') };
}

/**
 * A query value. `+` stays `+`: no value of this API has a blank, and media types (`…+json`) have a plus that sloppy
 * clients do not encode.
 */
export function queryText(ctx: Context, key: string): string | undefined {
  if (ctx.querystring === '') return undefined;
  return query(ctx).get(key) ?? undefined;
}

function query(ctx: Context): URLSearchParams {
  return new URLSearchParams(ctx.querystring.replaceAll('+', '%2B'));
}
