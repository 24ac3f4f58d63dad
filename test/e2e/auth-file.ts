import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';

const schema = z.looseObject({
  auths: z.record(z.string(), z.looseObject({ auth: z.string().optional() })).default({}),
});

/** Adds a login to a file of the kind that docker and podman keep, as their `login` would have left it. */
export async function addToAuthFile(
  file: string,
  registry: string,
  name: string,
  password: string,
): Promise<void> {
  const known = await readFile(file, 'utf8').catch(() => '{}');
  const content = schema.parse(JSON.parse(known));
  content.auths[registry] = { auth: Buffer.from(`${name}:${password}`).toString('base64') };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(content));
}
