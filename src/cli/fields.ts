import { printable } from './printable.ts';

/** Aligned `name  value` lines, indented; those without a value are left out. */
export function fields(values: Readonly<Record<string, string | undefined>>): string {
  const stated = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as const],
  );
  const width = Math.max(0, ...stated.map(([name]) => name.length));
  return stated.map(([name, value]) => `  ${name.padEnd(width)}  ${printable(value)}\n`).join('');
}
