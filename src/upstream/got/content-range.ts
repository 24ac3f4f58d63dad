export interface ContentRange {
  /** First byte. */
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
  /** Size of the whole content, where told. */
  readonly size?: number;
}

/** Reads the Content-Range of a 206 (RFC 9110 §14.4); undefined where it is missing or makes no sense. */
export function parseContentRange(field: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(field?.trim() ?? '');
  if (match === null) return undefined;
  const [, start, last, size] = match.map(Number) as [number, number, number, number];
  if (last < start || last >= size) return undefined;
  return { start, end: last + 1, ...(!Number.isNaN(size) && { size }) };
}
