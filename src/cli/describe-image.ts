import type { ImageAnswer, ImagePlatform } from '../api/image.ts';
import { fields } from './fields.ts';
import { platformName, shortDigest } from './image-words.ts';
import { printable } from './printable.ts';
import { readableAge, readableSize, readableSpan } from './quantities.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** All that is known of an image, in words for people. `now`: ms since the epoch. */
export function describeImage(image: ImageAnswer, now: number, terminal: Terminal): string {
  const parts = [
    `${image.name}${image.tag === null ? `@${image.digest}` : `:${image.tag}`}\n${facts(image, now)}`,
    section('Platforms', platforms(image, terminal)),
    ...image.platforms.map((platform) => contents(platform, terminal)),
    section('Annotations', pairs(image.annotations)),
    section('Referrers', referrers(image, terminal)),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function facts(image: ImageAnswer, now: number): string {
  return fields({
    digest: image.digest,
    kind: image.kind,
    'media type': image.mediaType,
    manifest: readableSize(image.manifestBytes),
    'artifact type': image.artifactType ?? undefined,
    cached: readableAge(image.cachedAt, now),
    checked: image.checkedAt === null ? undefined : readableAge(image.checkedAt, now),
    fresh: freshness(image.staleAt, now),
    'last used': image.usedAt === null ? undefined : readableAge(image.usedAt, now),
    tags: image.tags.join(', '),
    pinned: image.pinned && image.pinnedBy.length === 0 ? 'yes' : undefined,
    'pinned by': image.pinnedBy.map(pinText).join(', '),
  });
}

function freshness(staleAt: number | null, now: number): string | undefined {
  if (staleAt === null) return undefined;
  if (staleAt > now) return `for another ${readableSpan(staleAt - now)}`;
  return 'no: the next pull asks upstream';
}

const PLATFORM_COLUMNS = [
  { head: 'PLATFORM' },
  { head: 'HELD' },
  { head: 'SIZE', align: 'right' },
  { head: 'CREATED', cut: true },
  { head: 'DIGEST' },
] as const;

function platforms(image: ImageAnswer, terminal: Terminal): string {
  const rows = image.platforms.map((platform) => [
    title(platform),
    held(platform),
    readableSize(platform.size),
    platform.created ?? '',
    shortDigest(platform.digest),
  ]);
  return table(PLATFORM_COLUMNS, rows, terminal);
}

function title(platform: ImagePlatform): string {
  return platform.attests === undefined
    ? platformName(platform)
    : `attests ${shortDigest(platform.attests)}`;
}

function held(platform: ImagePlatform): string {
  if (!platform.held) return 'no';
  const blobs = [...(platform.config === null ? [] : [platform.config]), ...platform.layers];
  const here = blobs.filter((blob) => blob.held).length;
  return here === blobs.length ? 'yes' : `${here} of ${blobs.length} blobs`;
}

const LAYER_COLUMNS = [
  { head: 'LAYER' },
  { head: 'SIZE', align: 'right' },
  { head: 'HELD' },
  { head: 'MEDIA TYPE', cut: true },
] as const;

function contents(platform: ImagePlatform, terminal: Terminal): string {
  const rows = platform.layers.map((layer) => [
    shortDigest(layer.digest),
    readableSize(layer.size),
    layer.held ? 'yes' : 'no',
    layer.mediaType,
  ]);
  return [
    section(`Layers of ${title(platform)}`, table(LAYER_COLUMNS, rows, terminal)),
    section(`Labels of ${title(platform)}`, pairs(platform.labels ?? {})),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const REFERRER_COLUMNS = [
  { head: 'ARTIFACT TYPE', cut: true },
  { head: 'SIZE', align: 'right' },
  { head: 'DIGEST' },
] as const;

function referrers(image: ImageAnswer, terminal: Terminal): string {
  const rows = image.referrers.map(({ artifactType, size, digest }) => [
    artifactType ?? 'unknown',
    readableSize(size),
    digest,
  ]);
  return table(REFERRER_COLUMNS, rows, terminal);
}

function pairs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `  ${printable(`${name} = ${value}`)}\n`)
    .join('');
}

function section(head: string, body: string): string {
  return body === '' ? '' : `${head}:\n${body}`;
}

function pinText({ pattern, configured }: ImageAnswer['pinnedBy'][number]): string {
  return configured ? `${pattern} (configuration)` : pattern;
}
