import type * as z from 'zod';

/** The configuration cannot be used. Every problem is one line that starts with the key, variable or file at fault. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** zod's issues as lines such as `upstreams.docker.io.tags.maxAge: got "5 minutes", expected a duration …`. */
export function problemLines(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? // Its message has a line for each of the keys, in this order.
        issue.message
          .split('\n')
          .map((line, index) => `${keyPath([...issue.path, issue.keys[index] ?? ''])}: ${line}`)
      : [`${keyPath(issue.path)}: ${issue.message}`],
  );
}

function keyPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('');
  return text === '' ? 'configuration' : text.replace(/^\./, '');
}
