import type { Digest } from '../oci/digest.ts';
import type { Content } from './content.ts';
import type { HashedBytes } from './hashed-bytes.ts';

/** Port: where an entry of a stream is kept while the rest of it is read. */
export interface Depot {
  /**
   * Takes the bytes to their end.
   *
   * @param promised - the digest that the entry's name promises; the caller checks it afterwards
   */
  keep(bytes: HashedBytes, promised: Digest | undefined): Promise<Content>;
}
