import { createReadStream } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { type WarmDone, warmLine, type WarmProgress, type WarmRequest } from '../api/warm.ts';
import { parseImageName } from '../oci/image-name.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { ApiClient } from './api-client.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { Progress, type ProgressLine } from './progress.ts';
import { readableSize } from './quantities.ts';
import { readLines } from './read-lines.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import type { Terminal } from './terminal.ts';

interface Options extends JsonOption, ServerOptions {
  readonly file?: string;
  readonly platform: readonly string[];
  readonly referrers: boolean;
}

export function addWarm(program: Command, terminal: Terminal): void {
  const command = program
    .command('warm')
    .summary('fetch images ahead of need')
    .description(
      'Has the server fetch images of mirrored registries, with all that belongs to them, before anybody asks. What is here ' +
        'already is not fetched again: a tag costs one request. A glob over the tags of a repository stands for those that ' +
        'upstream has. What refers to an image comes with it: signatures, attestations, SBOMs. Images that fail are told, ' +
        'the others are fetched all the same. The warm list of the configuration does this regularly.',
    )
    .argument('[image...]', 'NAME[:TAG], NAME@DIGEST or NAME:GLOB')
    .option('-f, --file <list>', 'file with one image a line (# begins a comment), or - for stdin')
    .option(
      '-p, --platform <platform>',
      'only this platform, such as linux/amd64; may be repeated (default: all that there are)',
      readPlatform,
      [],
    )
    .option(
      '--no-referrers',
      'leave out signatures, attestations and SBOMs that refer to the images',
    )
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(async (stated: string[], options: Options) => {
    const images = [...stated, ...(await readList(options.file, terminal))].map(withTag);
    if (images.length === 0) command.error('error: name an image, or a list with --file');
    const client = await connect(options, terminal);
    const { platform, referrers } = options;
    const request = { images, platforms: [...platform], referrers };
    const warmed = await follow(client, request, terminal);
    print(warmed, options, terminal, report);
    if (warmed.failed > 0) throw new Error(`${warmed.failed} of ${warmed.images.length} failed`);
  });
}

const EXAMPLES = `
Examples:
  holdfast warm alpine:3 ghcr.io/org/app:1.4
  holdfast warm 'alpine:3.2?' 'ghcr.io/org/app:v1.*'   quote globs, or the shell reads them
  holdfast warm -f images.txt --platform linux/amd64
  kubectl get pods -A -o jsonpath='{..image}' | tr ' ' '\\n' | sort -u | holdfast warm -f -
`;

function readPlatform(text: string, before: readonly string[]): readonly string[] {
  if (parsePlatform(text) !== undefined) return [...before, text];
  throw new InvalidArgumentError('Expected OS/ARCHITECTURE[/VARIANT], such as linux/amd64.');
}

async function readList(file: string | undefined, terminal: Terminal): Promise<readonly string[]> {
  if (file === undefined) return [];
  const lines: string[] = [];
  const source = file === '-' ? terminal.input : createReadStream(file);
  for await (const line of readLines(source)) lines.push(line);
  return lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
}

/** As in a pull, a name alone means its tag `latest`. What is no name is left to the server, which tells it with the rest. */
function withTag(image: string): string {
  const parsed = parseImageName(image);
  return parsed && !parsed.reference ? `${image}:latest` : image;
}

interface Warmed extends WarmDone {
  readonly images: readonly WarmProgress[];
}

async function follow(
  client: ApiClient,
  request: WarmRequest,
  terminal: Terminal,
): Promise<Warmed> {
  const progress = new Progress(terminal, { unit: 'bytes' });
  const bars = new Map<string, ProgressLine>();
  const images: WarmProgress[] = [];
  try {
    for await (const line of client.lines(warmLine, '/warm', request)) {
      if (line.done === true) return { ...line, images };
      const bar = bars.get(line.image) ?? progress.add(line.image);
      bars.set(line.image, bar);
      if (line.total > 0) bar.update(line.done, line.total);
      if (line.state === 'resolving' || line.state === 'fetching') continue;
      if (line.state !== 'matched') images.push(line);
      bar.end(outcome(line));
    }
  } finally {
    progress.close();
  }
  throw new Error('the answer was cut before every image was through');
}

function outcome({ state, total, message }: WarmProgress): string {
  if (state === 'matched') return message ?? state;
  const result = state === 'done' ? `done, ${readableSize(total)}` : state;
  return message === undefined ? result : `${result}: ${message}`;
}

function report({ images }: Warmed): string {
  const held = images.filter(({ state }) => state === 'done');
  const bytes = held.reduce((sum, { total }) => sum + total, 0);
  return `${held.length} of ${images.length} images are here, ${readableSize(bytes)}\n`;
}
