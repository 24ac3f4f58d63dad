/** The archive is not what it should be, or more than is taken. The message is for whoever gave it. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** A name of the archive for a message: short, and with nothing in it that a terminal would obey. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name);
}

const MAX_SHOWN = 120;
