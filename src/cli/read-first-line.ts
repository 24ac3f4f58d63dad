import { readLines } from './read-lines.ts';

/** The first line of a stream, without its end; an empty stream gives an empty one. */
export async function readFirstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of readLines(stream)) return line.replace(/\r$/, '');
  return '';
}
