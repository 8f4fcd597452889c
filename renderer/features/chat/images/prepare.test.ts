/** What becomes of a file on its way into a message. */
import { expect, test, vi } from 'vitest';
import { blobLimit } from '../../../../shared/contract/core.ts';
import { sentSize, tokenBudget, tokens } from './fit.ts';
import { prepare } from './prepare.ts';
import { pictures } from './testPictures.ts';

const file = (name: string, bytes = pictures.get(name)!): File => new File([bytes], name);
const drawn = { original: { width: 1920, height: 1080 }, sent: { width: 1344, height: 756 }, bytes: new Uint8Array([1, 2, 3]) };
const tools = () => ({
  draw: vi.fn(async (_picture: Blob, _photo: boolean) => drawn),
  put: vi.fn(async (bytes: Uint8Array) => ({ ok: true as const, value: { sha256: bytes.length === 3 ? 'b'.repeat(64) : 'a'.repeat(64) } })),
});

test('keeps the original and sends the drawn one', async () => {
  const name = '19-large-1920x1080-yellow-circle.jpg';
  const { draw, put } = tools();
  expect(await prepare(file(name), { draw, put })).toEqual({
    ok: true,
    notes: ['scaled'],
    part: { type: 'image', name, original: 'a'.repeat(64), sent: 'b'.repeat(64), width: 1920, height: 1080, sentWidth: 1344, sentHeight: 756 },
  });
  expect(draw.mock.calls[0]![0].type).toBe('image/jpeg');
  expect(put.mock.calls[0]![0]).toEqual(pictures.get(name));
});

test('a picture whose name lies is judged by its bytes', async () => {
  const { draw, put } = tools();
  await prepare(file('photo.jpg', pictures.get('05-black-cross.webp')!), { draw, put });
  expect(draw.mock.calls[0]!.map((x) => (x instanceof Blob ? x.type : x))).toEqual(['image/webp', false]);
});

test('refuses what is no picture, too large or too many pixels before decoding', async () => {
  const { draw, put } = tools();
  const huge = pictures.get('01-red-circle.png')!.slice();
  new DataView(huge.buffer).setUint32(16, 1_000_000);
  const heavy = file('heavy.png', new Uint8Array(8));
  Object.defineProperty(heavy, 'size', { value: blobLimit + 1 });
  const problems = [];
  for (const f of [file('notes.txt', new TextEncoder().encode('Dear diary')), heavy, file('huge.png', huge)]) problems.push(await prepare(f, { draw, put }));
  expect(problems).toEqual([
    { ok: false, problem: { kind: 'notImage', name: 'notes.txt' } },
    { ok: false, problem: { kind: 'tooLarge', name: 'heavy.png' } },
    { ok: false, problem: { kind: 'tooManyPixels', name: 'huge.png' } },
  ]);
  expect(draw).not.toHaveBeenCalled();
});

test('names a broken picture and stores nothing of it', async () => {
  const { put } = tools();
  const draw = vi.fn(() => Promise.reject(new DOMException('The source image could not be decoded', 'InvalidStateError')));
  expect(await prepare(file('01-red-circle.png'), { draw, put })).toEqual({ ok: false, problem: { kind: 'broken', name: '01-red-circle.png' } });
  expect(put).not.toHaveBeenCalled();
});

test('says when it could not be stored', async () => {
  const { draw } = tools();
  const error = { code: 'disconnected', message: 'The connection was lost' } as const;
  const put = async () => ({ ok: false as const, error });
  expect(await prepare(file('01-red-circle.png'), { draw, put })).toEqual({ ok: false, problem: { kind: 'notStored', name: '01-red-circle.png', error } });
});

test.each([
  [48, 48, 48, 48],
  [1024, 1024, 1024, 1024],
  [1920, 1080, 1344, 756],
  [10_000, 10_000, 1024, 1024],
  [8000, 100, 2048, 26],
  [1, 90_000, 1, 2048],
])('%d x %d is sent as %d x %d', (width, height, sentWidth, sentHeight) => {
  expect(sentSize({ width, height })).toEqual({ width: sentWidth, height: sentHeight });
});

test('no size costs more than the budget or grows', () => {
  for (let width = 1; width < 6000; width += 97)
    for (let height = 1; height < 6000; height += 89) {
      const sent = sentSize({ width, height });
      expect(tokens(sent)).toBeLessThanOrEqual(tokenBudget);
      expect(sent.width <= width && sent.height <= height).toBe(true);
    }
});
