/** Writes the reference part of configuration.md from the schema: `npm run docs:configuration`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { z } from 'zod';
import { configSchema } from '../src/config/schema.ts';

type Node = z.core.JSONSchema.JSONSchema & { readonly accepts?: string };

const PAGE = fileURLToPath(new URL('configuration.md', import.meta.url));
const MARKED = /(<!-- reference: [^\n]*-->\n)[\s\S]*(<!-- end of reference -->)/;

/** The page with its reference part as the schema has it now. */
export async function configurationPage(): Promise<string> {
  const root: Node = z.toJSONSchema(configSchema({}), { io: 'input' });
  const page = readFileSync(PAGE, 'utf8');
  const written = page.replace(
    MARKED,
    (_, start: string, end: string) => `${start}\n${group('', root)}\n${end}`,
  );
  return format(written, { parser: 'markdown', printWidth: 100 });
}

/** A heading and a table for one group of keys, then the groups inside of it. */
function group(path: string, node: Node): string {
  const keys = Object.entries(node.properties ?? {}) as [string, Node][];
  const rows = keys
    .filter(([, child]) => groupOf(child) === undefined)
    .map(([key, child]) => row(key, child, node.required?.includes(key) ?? false));
  const groups = keys.flatMap(([key, child]) => {
    const inner = groupOf(child);
    const place = `${path === '' ? '' : `${path}.`}${key}${inner?.suffix ?? ''}`;
    return inner === undefined
      ? []
      : [`### \`${place}\`\n\n${about(child)}\n\n${group(place, inner.node)}`];
  });
  const table =
    rows.length === 0
      ? []
      : [`| Key | Default | Accepts | Meaning |\n|---|---|---|---|\n${rows.join('\n')}`];
  return [...table, ...groups].join('\n\n');
}

/** The keys inside of a value: of an object, of an object or null, of each entry of a map or list. */
function groupOf(node: Node): { readonly node: Node; readonly suffix: string } | undefined {
  if (node.properties !== undefined) return { node, suffix: '' };
  const choice = node.anyOf?.find(({ properties }) => properties !== undefined);
  if (choice !== undefined) return { node: choice, suffix: '' };
  if (isGroup(node.additionalProperties))
    return { node: node.additionalProperties, suffix: '.NAME' };
  if (isGroup(node.items)) return { node: node.items, suffix: '[]' };
  return undefined;
}

function isGroup(node: unknown): node is Node {
  return typeof node === 'object' && node !== null && 'properties' in node;
}

function about(node: Node): string {
  const { description = '', default: fallback } = node;
  const shown = fallback === undefined || isEmpty(fallback) ? '' : ` Default: ${code(fallback)}.`;
  return `${description}${shown}`;
}

function row(key: string, node: Node, required: boolean): string {
  const fallback = required ? 'required' : node.default === undefined ? '' : code(node.default);
  const cells = [`\`${key}\``, fallback, accepts(node), node.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function accepts(node: Node): string {
  if (node.accepts !== undefined) return node.accepts;
  if (node.type === 'null') return 'null';
  if (isArrayItem(node.items)) return `a list, each ${accepts(node.items)}`;
  return node.anyOf?.map(accepts).join(', or ') ?? '';
}

function isArrayItem(items: Node['items']): items is Node {
  return typeof items === 'object' && !Array.isArray(items);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``;

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(PAGE, await configurationPage());
