/** Tags that are made from a digest and speak of what has it: the fallback of the referrers API, and cosign's. */
import { type Digest, digestAlgorithm, digestHex, parseDigest } from './digest.ts';
import { parseTag, type Tag } from './reference.ts';

const REFERRER_TAG = /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64,128})(?:\.[a-z]+)?$/;

/** cosign's signatures, attestations and SBOMs, where it does not use the referrers API. */
const COSIGN_EXTENSIONS = ['sig', 'att', 'sbom'];

/** Whether the tag speaks of another image. */
export function isReferrerTag(tag: string): boolean {
  return REFERRER_TAG.test(tag);
}

/** What the tag speaks of; undefined where it is none of these, or is cut short. */
export function subjectOfTag(tag: string): Digest | undefined {
  if (!isReferrerTag(tag)) return undefined;
  return parseDigest(tag.replace('-', ':').replace(/\..*$/, ''));
}

/** `<algorithm>-<hex>`, cut to 32 and 64 characters (distribution-spec, "Referrers Tag Schema"). */
export function fallbackTag(subject: Digest): Tag {
  return tagOf(`${digestAlgorithm(subject)}-${digestHex(subject).slice(0, 64)}`);
}

/** What cosign tags its own images about `subject` with. */
export function cosignTags(subject: Digest): readonly Tag[] {
  const stem = `${digestAlgorithm(subject)}-${digestHex(subject)}`;
  return COSIGN_EXTENSIONS.flatMap((extension) => parseTag(`${stem}.${extension}`) ?? []);
}

function tagOf(text: string): Tag {
  const tag = parseTag(text);
  if (tag === undefined) throw new Error(`${text} is no tag`);
  return tag;
}
