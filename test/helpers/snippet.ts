/** What a page of the documentation tells its reader to use, so that a test uses the very same. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * The code block that follows `<!-- snippet: NAME -->` in a page, without its fence.
 * @param page - relative to `docs/`
 */
export function snippet(page: string, name: string): string {
  const text = readFileSync(join(ROOT, 'docs', page), 'utf8');
  const [, after] = text.split(`<!-- snippet: ${name} -->\n`);
  const block = /^\s*```\w*\n([\s\S]*?)^\s*```$/m.exec(after ?? '')?.[1];
  if (block === undefined) throw new Error(`docs/${page} has no snippet ${name}`);
  return block;
}

/** The text with each key replaced by its value; a key that is not there is an error, for the test would miss what it is for. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((filled, [placeholder, value]) => {
    if (!filled.includes(placeholder)) throw new Error(`nothing says ${placeholder} in\n${text}`);
    return filled.replaceAll(placeholder, value);
  }, text);
}
