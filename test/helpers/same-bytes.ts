import assert from 'node:assert/strict';

/** Compares long bodies: `assert.deepEqual` would print them, byte by byte, for minutes. */
export function assertSameBytes(actual: Buffer, expected: Buffer | undefined): void {
  assert.ok(expected !== undefined, 'nothing to compare with');
  if (actual.equals(expected)) return;
  const first = actual.findIndex((byte, index) => byte !== expected[index]);
  const begins = JSON.stringify(actual.subarray(0, 200).toString('latin1'));
  assert.fail(
    `${actual.length} bytes instead of ${expected.length}, the first wrong one at ${first}; it begins with ${begins}`,
  );
}
