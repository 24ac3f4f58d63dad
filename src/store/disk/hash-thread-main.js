// What runs on the hashing thread: numbered hashes, and what is asked of them, in order. Not TypeScript, because a thread
// is begun with a file, and that one must be there compiled or not.
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** @type {Map<number, import('node:crypto').Hash>} */
const hashes = new Map();

/**
 * @param {import('./hash-messages.ts').HashRequest} request
 * @returns {import('./hash-messages.ts').HashAnswer}
 */
function answer(request) {
  switch (request.kind) {
    case 'begin':
      hashes.set(request.hash, createHash(request.algorithm));
      return {};
    case 'copy':
      hashes.set(request.copy, known(request.hash).copy());
      return {};
    case 'update':
      known(request.hash).update(request.bytes);
      return {};
    case 'digest':
      return { hex: known(request.hash).copy().digest('hex') };
    case 'end':
      hashes.delete(request.hash);
      return {};
  }
}

/** @param {number} number */
function known(number) {
  const hash = hashes.get(number);
  if (!hash) throw new Error(`there is no hash ${number}`);
  return hash;
}

parentPort?.on('message', (/** @type {import('./hash-messages.ts').HashRequest} */ request) => {
  try {
    parentPort?.postMessage(answer(request));
  } catch (error) {
    parentPort?.postMessage({ failure: String(error) });
  }
});
