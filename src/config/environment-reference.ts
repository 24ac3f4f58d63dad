import * as z from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\{([A-Za-z_]\w*)\}/g;

/**
 * A secret string in which `${NAME}` stands for a variable of the environment. A variable that is missing or empty is an
 * error, and no message ever shows the value.
 */
export function secret(environment: Environment) {
  const what = 'a string, not empty; ${NAME} is read from the environment';
  return z
    .codec(
      z.string({ error: `expected ${what}` }).min(1, { error: `expected ${what}` }),
      z.string(),
      {
        decode: (text, context) => {
          for (const [reference, name = ''] of text.matchAll(REFERENCE)) {
            if ((environment[name] ?? '') !== '') continue;
            const message = `${reference} needs the environment variable ${name}, which is not set or empty`;
            context.issues.push({ code: 'custom', message, input: undefined });
          }
          return text.replace(REFERENCE, (_, name: string) => environment[name] ?? '');
        },
        encode: (value) => value,
      },
    )
    .meta({ accepts: what });
}
