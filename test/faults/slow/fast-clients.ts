import { get } from 'node:http';

/** Reads all of `url`; resolves with how many bytes came. */
function readAll(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.once('error', reject);
      response.once('end', () => resolve(bytes));
    });
    request.once('error', reject);
  });
}

/** Reads `url` again and again for so long; resolves with bytes per second. Rejects where an answer is not whole. */
export async function throughput(url: string, size: number, ms: number): Promise<number> {
  const began = performance.now();
  let bytes = 0;
  while (performance.now() - began < ms) {
    const got = await readAll(url);
    if (got !== size) throw new Error(`${got} of ${size} bytes from ${url}`);
    bytes += got;
  }
  return (bytes * 1000) / (performance.now() - began);
}
