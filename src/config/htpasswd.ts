/** htpasswd files as Apache's tool writes them: `name:hash` lines, empty ones, and comments that begin with `#`. */

export interface Htpasswd {
  /** bcrypt hashes by account name. */
  readonly hashes: ReadonlyMap<string, string>;
  /** What is wrong, by line number. No content of the file is told: it may be a password. */
  readonly problems: readonly string[];
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** At 14 a login takes seconds; at 31 it would take days, and whoever can write one line must not stop all logins. */
const MAX_COST = 14;
const MIN_COST = 4;

/** What whoever is not signed in is called in rules. */
export const ANONYMOUS = 'anonymous';

const NAME = /^[^\p{Cc}:]{1,255}$/u;

/** Reads the text of a file. One without accounts counts as broken: it is what a file looks like while it is written. */
export function parseHtpasswd(text: string): Htpasswd {
  const hashes = new Map<string, string>();
  const problems = text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    const hash = line.slice(colon + 1).trim();
    const problem = lineProblem(name, hash) ?? (hashes.has(name) ? 'the name is taken' : undefined);
    if (problem !== undefined) return [`line ${index + 1}: ${problem}`];
    hashes.set(name, hash);
    return [];
  });
  if (hashes.size === 0 && problems.length === 0) problems.push('there is no account in it');
  return { hashes, problems };
}

function lineProblem(name: string, hash: string): string | undefined {
  if (!NAME.test(name)) return 'expected NAME:HASH';
  if (name === ANONYMOUS) return `"${ANONYMOUS}" means whoever is not signed in; take another name`;
  const cost = BCRYPT.exec(hash)?.[1];
  if (cost === undefined) return 'expected a bcrypt hash (holdfast passwd, or htpasswd -B)';
  if (Number(cost) < MIN_COST || Number(cost) > MAX_COST) {
    return `expected a bcrypt cost from ${MIN_COST} to ${MAX_COST}`;
  }
  return undefined;
}
