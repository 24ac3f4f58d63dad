import { setTimeout as sleep } from 'node:timers/promises';
import type { Holdfast } from './holdfast.ts';
import type { Login } from './logins.ts';
import type { Exchange } from './tap.ts';

/** What went over the wire on both sides of Holdfast during one trial. */
export interface Traffic {
  readonly clientSide: readonly Exchange[];
  readonly upstreamSide: readonly Exchange[];
}

/** What is wrong about some traffic, a line each; nothing if all is as it should be. */
export type Expectation = (traffic: Traffic) => string[];

/** Long enough for a request that Holdfast sends after its client is content, which would be one too many. */
const SETTLE_MS = 100;

/** What was received but not yet written when a connection broke may be asked for once more. */
const MAX_REPEATED_BYTES = 4_000_000;

/** Runs `body` and gives the traffic that it caused, and its failure where it failed. */
export async function record(
  holdfast: Holdfast,
  body: () => Promise<void>,
): Promise<{ readonly traffic: Traffic; readonly failure: unknown }> {
  const { clientSide, upstreamSide } = holdfast;
  const [client, upstream] = [clientSide.exchanges.length, upstreamSide.exchanges.length];
  let failure: unknown;
  try {
    await body();
  } catch (error) {
    failure = error;
  }
  await sleep(SETTLE_MS);
  const traffic = {
    clientSide: clientSide.exchanges.slice(client),
    upstreamSide: upstreamSide.exchanges.slice(upstream),
  };
  return { traffic, failure };
}

/** What an exchange was about: the digest in its path, else the one that the answer named. */
function digestOf({ target, digest }: Exchange): string | undefined {
  return /\/(?:blobs|manifests)\/(sha256:[0-9a-f]{64})/.exec(target)?.[1] ?? digest;
}

function isContentGet({ method, target }: Exchange): boolean {
  return method === 'GET' && /\/(?:blobs|manifests)\//.test(target);
}

const succeeded = ({ status }: Exchange): boolean => status === 200 || status === 206;

/** The upstream is asked for every one of `digests` once with GET and for nothing else, after one HEAD at most. */
export function fetchedOnce(digests: readonly string[]): Expectation {
  return ({ upstreamSide }) => {
    const gets = upstreamSide.filter(isContentGet);
    const counts = new Map<string | undefined, number>(digests.map((digest) => [digest, 0]));
    for (const get of gets) counts.set(digestOf(get), (counts.get(digestOf(get)) ?? 0) + 1);
    const problems = gets
      .filter((get) => !succeeded(get))
      .map((get) => `upstream answered ${String(get.status)} to GET ${get.target}`);
    for (const [digest, count] of counts) {
      const wanted = digest !== undefined && digests.includes(digest) ? 1 : 0;
      if (count !== wanted) {
        problems.push(`upstream was sent ${count} GETs of ${String(digest)}, not ${wanted}`);
      }
    }
    const heads = upstreamSide.filter(({ method }) => method === 'HEAD').length;
    if (heads > 1) problems.push(`upstream was sent ${heads} HEADs, not one at most`);
    return problems;
  };
}

/** The upstream sends none of `digests` twice, and nothing else. */
export function fetchedAtMostOnce(digests: readonly string[]): Expectation {
  return ({ upstreamSide }) => {
    const left = new Set(digests);
    return upstreamSide
      .filter((seen) => isContentGet(seen) && !left.delete(digestOf(seen) ?? ''))
      .map(({ target }) => `upstream was sent an unneeded GET ${target}`);
  };
}

/** The upstream hears nothing. */
export const upstreamUntouched: Expectation = ({ upstreamSide }) =>
  upstreamSide.map(({ method, target }) => `upstream was sent ${method} ${target}`);

/** The upstream is asked no more than whether the tag still points where it did. */
export const revalidatedOnce: Expectation = ({ upstreamSide }) => {
  const requests = upstreamSide.map(({ method, target }) => `${method} ${target}`);
  const asExpected = requests.length === 1 && requests[0]?.startsWith('HEAD ') === true;
  return asExpected ? [] : [`upstream was sent [${requests.join(', ')}], not one HEAD`];
};

/** One download broke off after `bytes` of its body, and was resumed from there or a little before. */
export function resumedOnce(bytes: number): Expectation {
  return ({ upstreamSide }) => {
    const ranged = upstreamSide.filter((seen) => seen.method === 'GET' && seen.range !== undefined);
    const from = Number(/^bytes=(\d+)-$/.exec(ranged[0]?.range ?? '')?.[1]);
    const again = bytes - from;
    const asExpected =
      ranged.length === 1 && ranged[0]?.status === 206 && again >= 0 && again < MAX_REPEATED_BYTES;
    return asExpected
      ? []
      : [`upstream was not resumed once near ${bytes}: ${ranged.length} ranges`];
  };
}

/** Content goes to the upstream in no direction; it may be asked whether it has a blob. */
export const upstreamOnlyAsked: Expectation = ({ upstreamSide }) =>
  upstreamSide
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, target }) => `upstream was sent ${method} ${target}`);

/** The client really downloads every one of `blobs` from Holdfast. */
export function downloaded(blobs: readonly string[]): Expectation {
  return ({ clientSide }) => {
    const got = new Set(
      clientSide.filter((seen) => isContentGet(seen) && succeeded(seen)).map(digestOf),
    );
    return blobs
      .filter((blob) => !got.has(blob))
      .map((blob) => `the client did not download ${blob} from Holdfast`);
  };
}

/** Nobody sends this login to anybody. */
export function neverSent({ name, password }: Login): Expectation {
  const basic = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return ({ clientSide, upstreamSide }) =>
    [...clientSide, ...upstreamSide]
      .filter(({ authorization, target }) => authorization === basic || target.includes(name))
      .map(({ method, target }) => `a login for elsewhere was sent with ${method} ${target}`);
}

/** All of several expectations. */
export function all(...expectations: readonly Expectation[]): Expectation {
  return (traffic) => expectations.flatMap((expectation) => expectation(traffic));
}

/** One line per exchange, for the log of a failed trial. */
export function describeExchange({ method, target, range, status, bytes }: Exchange): string {
  const asked = range === undefined ? '' : ` (Range: ${range})`;
  return `${method} ${target}${asked} -> ${status ?? 'no answer'}, ${bytes} bytes`;
}
