import { type Digest, digestAlgorithm } from '../oci/digest.ts';
import { ArchiveError } from './archive-error.ts';
import { HashedBytes } from './hashed-bytes.ts';
import type { ImageBlob } from './image.ts';

/** The blob's bytes; in the place of their end comes an error where they are not those of its digest and size. */
export async function* verifiedBytes({
  digest,
  size,
  content,
}: Pick<ImageBlob, 'digest' | 'size' | 'content'>): AsyncGenerator<Uint8Array> {
  const bytes = new HashedBytes(content.open(), digestAlgorithm(digest));
  let held: Uint8Array | undefined;
  // The last chunk stays back until all have been checked, so that nobody can take wrong bytes for whole ones.
  for await (const chunk of bytes) {
    if (held !== undefined) yield held;
    held = chunk;
  }
  requireSame({ digest, size }, { digest: bytes.digest, size: bytes.size });
  if (held !== undefined) yield held;
}

interface Identity {
  readonly digest: Digest;
  readonly size: number;
}

function requireSame(expected: Identity, actual: Identity): void {
  if (actual.size !== expected.size) {
    throw new ArchiveError(
      `${expected.digest} should have ${expected.size} bytes and has ${actual.size}`,
    );
  }
  if (actual.digest !== expected.digest) {
    throw new ArchiveError(`the content of ${expected.digest} has the digest ${actual.digest}`);
  }
}
