/** The bytes of an archive that is piped in. Throws an Error for people where nothing is. */
export function archiveInput(
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean },
): AsyncGenerator<Uint8Array> {
  if (input.isTTY === true) throw new Error('stdin is a terminal; pipe an archive into it');
  return binary(input);
}

async function* binary(input: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
