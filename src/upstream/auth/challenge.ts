/** One way to authenticate that a 401 offers (RFC 9110 §11.6.1). */
export interface Challenge {
  /** Lower-cased: `bearer`, `basic`. */
  readonly scheme: string;
  /** By lower-cased name; a quoted value without its quotes and escapes. */
  readonly parameters: ReadonlyMap<string, string>;
  /** What some schemes carry instead of parameters. */
  readonly token68?: string;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const SEPARATORS = /[\s,]*/y;
/** An unquoted value may hold more than RFC 9110 allows: registries in the field send bare URLs. */
const PARAMETER = new RegExp(`(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`, 'y');
const SCHEME = new RegExp(`(${TOKEN})(?=[\\s,]|$)`, 'y');
const TOKEN68 = /\s+([A-Za-z0-9\-._~+/]+=*)\s*(?=,|$)/y;

/**
 * Reads a WWW-Authenticate field, or several joined with commas. Commas separate challenges *and* their parameters, and may
 * stand inside quotes, so only a tokenizer tells them apart. What cannot be read ends the reading; what came before it counts.
 */
export function parseChallenges(field: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let parameters: Map<string, string> | undefined;
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(field);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  };

  for (;;) {
    take(SEPARATORS);
    if (at >= field.length) return challenges;
    const parameter = parameters && take(PARAMETER);
    if (parameter) {
      const [, name = '', quoted, bare = ''] = parameter;
      const value = quoted === undefined ? bare : quoted.replaceAll(/\\(.)/g, '$1');
      parameters?.set(name.toLowerCase(), value);
      continue;
    }
    const scheme = take(SCHEME)?.[1]?.toLowerCase();
    if (scheme === undefined) return challenges;
    const token68 = take(TOKEN68)?.[1];
    parameters = new Map();
    challenges.push({ scheme, parameters, ...(token68 !== undefined && { token68 }) });
  }
}
