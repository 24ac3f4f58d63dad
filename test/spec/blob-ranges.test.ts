/** end-2 with `Range` (RFC 9110 §14), whole, in part and in parts, from what is held. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { pushBlob } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const SIZE = 10_000;
const CONTENT = madeUpBytes('ranges', SIZE);
const DIGEST = await pushBlob(holdfast, 'ranges', CONTENT);
const PATH = `/v2/ranges/blobs/${DIGEST}`;
const EMPTY = await pushBlob(holdfast, 'ranges', Buffer.alloc(0));

function get(range: string, more: Record<string, string> = {}, path = PATH): Promise<Response> {
  return send(holdfast, 'GET', path, { headers: { Range: range, ...more } });
}

function assertContentHeaders(response: Response): void {
  assert.equal(response.headers.get('docker-content-digest'), DIGEST);
  assert.equal(response.headers.get('etag'), `"${DIGEST}"`);
  assert.equal(response.headers.get('accept-ranges'), 'bytes');
  assert.equal(response.headers.get('content-encoding'), null);
}

async function assertWhole(response: Response): Promise<void> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-length'), String(SIZE));
  assert.equal(response.headers.get('content-range'), null);
  assertContentHeaders(response);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), CONTENT);
}

async function assertPart(response: Response, start: number, end: number): Promise<void> {
  assert.equal(response.status, 206);
  assert.equal(response.headers.get('content-range'), `bytes ${start}-${end - 1}/${SIZE}`);
  assert.equal(response.headers.get('content-length'), String(end - start));
  assert.equal(response.headers.get('content-type'), 'application/octet-stream');
  assertContentHeaders(response);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), CONTENT.subarray(start, end));
}

const parts: [range: string, start: number, end: number][] = [
  ['bytes=500-1499', 500, 1500],
  ['bytes=0-0', 0, 1],
  ['bytes=9999-9999', 9999, SIZE],
  ['bytes=500-', 500, SIZE],
  ['bytes=0-', 0, SIZE],
  ['bytes=9999-', 9999, SIZE],
  ['bytes=-500', 9500, SIZE],
  ['bytes=-1', 9999, SIZE],
  ['bytes=-10000', 0, SIZE],
  ['bytes=-99999999', 0, SIZE],
  ['bytes=2000-50000', 2000, SIZE],
  ['bytes=9999-99999999999999999999', 9999, SIZE],
  ['Bytes=1-2', 1, 3],
  ['bytes=1-2,20000-', 1, 3],
];
for (const [range, start, end] of parts) {
  test(`${range} is 206 with bytes ${start} up to ${end}`, async () => {
    await assertPart(await get(range), start, end);
  });
}

for (const range of [
  'bytes=10000-',
  'bytes=10000-10001',
  'bytes=99999999999999999999-',
  'bytes=500-0',
  'bytes=-0',
  'bytes=20000-,30000-',
]) {
  test(`${range} is 416 with the size, well formed`, async () => {
    const response = await get(range);
    await refusal(response, 416, 'SIZE_INVALID');
    assert.equal(response.headers.get('content-range'), `bytes */${SIZE}`);
    // What is said of the content is not true of the refusal: nobody may keep that for a year.
    assert.equal(response.headers.get('cache-control'), null);
    assert.equal(response.headers.get('etag'), null);
  });
}

for (const range of [
  'bytes=',
  'bytes=-',
  'bytes=a-b',
  'bytes=1',
  'bytes=0x1-0x2',
  'bytes 0-1',
  'items=0-5',
  '0-5',
  'bytes=1-2,x',
  '',
  `bytes=${'0-0,'.repeat(200)}0-0`,
]) {
  test(`"${range.slice(0, 20)}" is no range: everything comes`, async () => {
    await assertWhole(await get(range));
  });
}

test('a range whose If-Range holds is honoured', async () => {
  await assertPart(await get('bytes=5-9', { 'If-Range': `"${DIGEST}"` }), 5, 10);
});

for (const condition of ['"other"', `W/"${DIGEST}"`, 'Wed, 21 Oct 2015 07:28:00 GMT', DIGEST]) {
  test(`a range whose If-Range ${condition.slice(0, 10)} does not hold is no range`, async () => {
    await assertWhole(await get('bytes=5-9', { 'If-Range': condition }));
  });
}

test('HEAD knows no range', async () => {
  const head = await send(holdfast, 'HEAD', PATH, { headers: { Range: 'bytes=5-9' } });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('content-length'), String(SIZE));
  assert.equal(head.headers.get('content-range'), null);
});

test('nothing of a blob of zero bytes can be had in part', async () => {
  const response = await get('bytes=0-', {}, `/v2/ranges/blobs/${EMPTY}`);
  await refusal(response, 416, 'SIZE_INVALID');
  assert.equal(response.headers.get('content-range'), 'bytes */0');
});

/** RFC 9110 §14.6, read strictly: each byte of the body must be one that the grammar demands. */
function readParts(body: Buffer, boundary: string): { range: string; content: Buffer }[] {
  const read: { range: string; content: Buffer }[] = [];
  let rest = body;
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  while (!rest.equals(end)) {
    const head = /^(?:\r\n)?--([^\r]+)\r\n((?:[^\r]+\r\n)+)\r\n/.exec(rest.toString('latin1'));
    assert.ok(head, 'a part begins');
    assert.equal(head[1], boundary);
    const headers = (head[2] ?? '').trim().split('\r\n');
    const range = /^Content-Range: bytes (\d+)-(\d+)\/10000$/i.exec(
      headers.find((one) => /^content-range/i.test(one)) ?? '',
    );
    assert.ok(range, 'a part says where it is from');
    assert.ok(headers.includes('Content-Type: application/octet-stream'));
    const length = Number(range[2]) - Number(range[1]) + 1;
    const content = rest.subarray(head[0].length, head[0].length + length);
    read.push({ range: `${range[1]}-${range[2]}`, content });
    rest = rest.subarray(head[0].length + length);
  }
  return read;
}

for (const ranges of [
  '0-9,100-199',
  '100-199,0-9',
  '0-0,9999-9999,-3',
  '5000-,0-4',
  '0-99,50-149',
  ' 1-2 ,\t3-4',
]) {
  test(`bytes=${ranges} is multipart/byteranges with each part in place`, async () => {
    const response = await get(`bytes=${ranges}`);
    assert.equal(response.status, 206);
    assertContentHeaders(response);
    assert.equal(response.headers.get('content-range'), null);
    const type = response.headers.get('content-type') ?? '';
    const boundary = /^multipart\/byteranges; boundary="?([\w-]+)"?$/.exec(type)?.[1] ?? '';
    assert.notEqual(boundary, '', type);
    const body = Buffer.from(await response.arrayBuffer());
    assert.equal(response.headers.get('content-length'), String(body.byteLength));
    const expected = ranges.split(',').map((one) => {
      const [first = '', last = ''] = one.trim().split('-');
      const start = first === '' ? SIZE - Number(last) : Number(first);
      const end = first === '' || last === '' ? SIZE : Number(last) + 1;
      return { range: `${start}-${end - 1}`, content: CONTENT.subarray(start, end) };
    });
    assert.deepEqual(readParts(body, boundary), expected);
  });
}
