import type { FillEntry, UpstreamEntry } from '../api/activity.ts';
import type { StatusAnswer } from '../api/status.ts';
import { fields } from './fields.ts';
import { shortDigest } from './image-words.ts';
import { readableSize, readableSpan } from './quantities.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface ServerFacts {
  readonly status: StatusAnswer;
  readonly upstreams: readonly UpstreamEntry[];
  readonly fills: readonly FillEntry[];
  /** ms since the epoch */
  readonly now: number;
}

/** How full the store is, how the upstreams are, and what is being fetched. */
export function describeServer(facts: ServerFacts, terminal: Terminal): string {
  const { status, upstreams, fills, now } = facts;
  return [
    `Holdfast ${status.version} at ${status.listen}, up for ${readableSpan(now - status.startedAt)}\n${store(status)}`,
    table(
      UPSTREAM_COLUMNS,
      upstreams.map((upstream) => upstreamRow(upstream, now)),
      terminal,
    ),
    table(
      FILL_COLUMNS,
      fills.map((fill) => fillRow(fill, now)),
      terminal,
    ),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function store({ storage, offline, user }: StatusAnswer): string {
  const { mirroredBytes, maxSize, hostedBytes, free, minFree } = storage;
  const share = maxSize === 0 ? '' : ` (${Math.floor((mirroredBytes * 100) / maxSize)}%)`;
  return fields({
    'stores in': storage.dir ?? undefined,
    mirrored: `${readableSize(mirroredBytes)} of ${readableSize(maxSize)}${share}`,
    hosted: readableSize(hostedBytes),
    'disk free':
      free === null ? undefined : `${readableSize(free)}, ${readableSize(minFree)} of it kept free`,
    holds: `${storage.blobs} blobs, ${storage.manifests} manifests`,
    offline: offline ? 'yes: upstreams are never asked' : undefined,
    'signed in as': user ?? undefined,
  });
}

const UPSTREAM_COLUMNS = [
  { head: 'UPSTREAM' },
  { head: 'STATE', cut: true },
  { head: 'PULLS LEFT', align: 'right' },
  { head: 'LAST FAILURE', cut: true },
] as const;

function upstreamRow(upstream: UpstreamEntry, now: number): string[] {
  const { name, rateLimit, lastFailure } = upstream;
  return [
    name,
    state(upstream, now),
    rateLimit === null ? '' : `${rateLimit.remaining} of ${rateLimit.limit}`,
    lastFailure === null ? '' : `${readableSpan(now - lastFailure.at)} ago: ${lastFailure.message}`,
  ];
}

function state({ state: breaker, retryAt }: UpstreamEntry, now: number): string {
  switch (breaker) {
    case 'closed':
      return 'well';
    case 'open':
      return retryAt === null ? 'not asked' : `not asked for ${readableSpan(retryAt - now)}`;
    case 'half-open':
      return 'tried again';
    case 'offline':
      return 'offline';
  }
}

const FILL_COLUMNS = [
  { head: 'FETCHING', cut: true },
  { head: 'BLOB' },
  { head: 'HAS', align: 'right' },
  { head: 'OF', align: 'right' },
  { head: 'FOR' },
  { head: 'READERS', align: 'right' },
] as const;

function fillRow(fill: FillEntry, now: number): string[] {
  return [
    fill.repository,
    shortDigest(fill.digest),
    readableSize(fill.written),
    fill.size === null ? '?' : readableSize(fill.size),
    readableSpan(now - fill.startedAt),
    String(fill.followers),
  ];
}
