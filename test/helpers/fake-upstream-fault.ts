import type { Gate } from './gate.ts';

/**
 * One thing (or several) that goes wrong. Without `method` and `path` it strikes every request to the
 * registry, its token server and its CDN; without `times` it strikes until it is cleared.
 */
export interface Fault {
  readonly method?: string;
  /**
   * Tested against path and query, such as `/v2/library/app/blobs/sha256:…` or `/token?…`. Where blobs are
   * redirected, the faults of their bodies belong to `/signed/sha256:…`.
   */
  readonly path?: RegExp;
  /** Strikes this often. */
  readonly times?: number;

  /** Milliseconds before anything is answered. */
  readonly latency?: number;
  /** Nothing is ever answered. */
  readonly hang?: boolean;
  /** Nothing is answered until the gate opens. */
  readonly holdHeaders?: Gate;
  /** The connection is reset before anything is answered. */
  readonly reset?: boolean;
  /** This status instead of the answer, with an error body of the spec. */
  readonly status?: number;
  /** The body of a `status` answer. */
  readonly body?: string | Buffer;
  /** Headers set (or, undefined, left out) on the answer, whatever it is. */
  readonly headers?: Readonly<Record<string, string | undefined>>;

  /** A Range is answered with 200 and everything. */
  readonly ignoreRange?: boolean;
  /** A Range is answered with 206, but the bytes begin this many later than asked. */
  readonly shiftRange?: number;
  /** A Range is answered with 206, but the bytes end before this one. */
  readonly onlyUpTo?: number;
  /** No Content-Length. */
  readonly chunked?: boolean;
  /** Really compressed, and labelled so, whatever the client accepts. */
  readonly gzip?: boolean;
  /** The right length, with the last byte wrong. */
  readonly corrupt?: boolean;
  /** This many bytes too many, counted in Content-Length. */
  readonly extend?: number;

  /** After this many body bytes the connection is reset. */
  readonly cutAfter?: number;
  /** After this many body bytes the answer ends as if that were all; Content-Length still tells the truth. */
  readonly truncateAfter?: number;
  /** After this many body bytes nothing more comes, and the connection stays. */
  readonly stallAfter?: number;
  /** After so many body bytes the gate must open before the rest comes. */
  readonly hold?: { readonly after: number; readonly gate: Gate };
  /** Body bytes per second. */
  readonly throttle?: number;
}

/** The faults set at the moment, and which of them strike a request. */
export class Faults {
  readonly #set = new Map<Fault, number>();

  /** Returns what takes the fault away again. */
  add(fault: Fault): () => void {
    this.#set.set(fault, fault.times ?? Infinity);
    return () => {
      this.#set.delete(fault);
    };
  }

  clear(): void {
    this.#set.clear();
  }

  /** All faults for this request as one, the later ones winning; each is used up by one. */
  strike(method: string, url: string): Fault {
    let struck: Fault = {};
    for (const [fault, left] of this.#set) {
      if (fault.method !== undefined && fault.method !== method) continue;
      if (fault.path !== undefined && !fault.path.test(url)) continue;
      struck = { ...struck, ...fault };
      if (left > 1) this.#set.set(fault, left - 1);
      else this.#set.delete(fault);
    }
    return struck;
  }
}
