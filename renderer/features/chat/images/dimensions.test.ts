/** Reads the size of every test picture, and of hand-made headers for what they lack. */
import { describe, expect, test } from 'vitest';
import { readHeader } from './dimensions.ts';
import { pictures } from './testPictures.ts';

/** As `file(1)` tells them. */
const sizes: Record<string, [string, number, number]> = {
  '01-red-circle.png': ['png', 256, 256],
  '02-blue-square.png': ['png', 224, 224],
  '03-green-triangle-333x517.png': ['png', 333, 517],
  '04-yellow-star.jpg': ['jpeg', 320, 240],
  '05-black-cross.webp': ['webp', 300, 300],
  '06-purple-diamond-517x333.png': ['png', 517, 333],
  '07-white-circle-1200x800.jpg': ['jpeg', 1200, 800],
  '08-orange-star-640x480.jpg': ['jpeg', 640, 480],
  '09-red-triangle-alpha-over-white.png': ['png', 256, 256],
  '10-blue-diamond-alpha-over-black.png': ['png', 240, 240],
  '11-two-green-circles.png': ['png', 256, 192],
  '12-three-red-stars.jpg': ['jpeg', 288, 288],
  '13-four-blue-squares.png': ['png', 320, 256],
  '14-two-white-triangles.webp': ['webp', 256, 256],
  '15-three-black-crosses.png': ['png', 300, 400],
  '16-grey-mode-white-diamond.png': ['png', 200, 200],
  '17-palette-green-cross.png': ['png', 192, 192],
  '18-tiny-48x48-red-square.png': ['png', 48, 48],
  '19-large-1920x1080-yellow-circle.jpg': ['jpeg', 1920, 1080],
  '20-opaque-alpha-blue-star.png': ['png', 225, 225],
  '21-poor-jpeg-orange-square.jpg': ['jpeg', 250, 250],
  '22-tall-200x400-purple-circle.png': ['png', 200, 400],
  '23-wide-400x200-red-diamond.webp': ['webp', 400, 200],
  '24-green-triangle.bmp': ['bmp', 160, 160],
};

const bytesOf = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? Array.from(part, (c) => c.charCodeAt(0)) : part)));
const le16 = (n: number): number[] => [n & 255, n >> 8];
const be16 = (n: number): number[] => [n >> 8, n & 255];
const be32 = (n: number): number[] => [...be16(n >>> 16), ...be16(n & 0xffff)];
const le32 = (n: number): number[] => be32(n).reverse();

describe('test pictures', () => {
  test('there are all of them', () => expect([...pictures.keys()].sort()).toEqual(Object.keys(sizes)));
  test.each(Object.entries(sizes))('%s', (name, [format, width, height]) => {
    expect(readHeader(pictures.get(name)!)).toEqual({ format, width, height, orientation: 1, animated: false });
  });
  test.each(Object.keys(sizes))('%s cut anywhere in its first bytes is refused or told right, never a crash', (name) => {
    const whole = pictures.get(name)!;
    const [, width, height] = sizes[name]!;
    for (let length = 0; length < Math.min(whole.length, 700); length++) {
      const header = readHeader(whole.subarray(0, length));
      if (header) expect([header.width, header.height]).toEqual([width, height]);
    }
  });
});

describe('JPEG orientation', () => {
  const jpeg = (order: 'II' | 'MM', orientation: number): Uint8Array => {
    const n16 = order === 'II' ? le16 : be16;
    const n32 = order === 'II' ? le32 : be32;
    const tiff = [...bytesOf(order), ...n16(42), ...n32(8), ...n16(2), ...n16(0x010f), ...n16(2), ...n32(1), ...n32(0)];
    tiff.push(...n16(0x0112), ...n16(3), ...n32(1), ...n16(orientation), ...n16(0), ...n32(0));
    return bytesOf([0xff, 0xd8, 0xff, 0xe1], be16(8 + tiff.length), 'Exif\0\0', tiff, [0xff, 0xff, 0xc2], be16(17), [8], be16(300), be16(400), [3]);
  };
  test.each([
    ['II', 1, 400, 300],
    ['MM', 3, 400, 300],
    ['II', 6, 300, 400],
    ['MM', 8, 300, 400],
    ['MM', 77, 400, 300],
  ] as const)('%s %d is shown as %d x %d', (order, orientation, width, height) => {
    expect(readHeader(jpeg(order, orientation))).toMatchObject({ format: 'jpeg', width, height });
  });
});

describe('GIF', () => {
  const frame = bytesOf([0x2c], le16(0), le16(0), le16(7), le16(5), [0x80, 0, 0, 0, 255, 255, 255], [2, 2, 0x44, 1, 0]);
  const start = bytesOf('GIF89a', le16(7), le16(5), [0, 0, 0], [0x21, 0xf9, 4, 0, 0, 0, 0, 0]);
  test('still', () => expect(readHeader(bytesOf([...start], [...frame], [0x3b]))).toMatchObject({ format: 'gif', width: 7, height: 5, animated: false }));
  test('animated', () => expect(readHeader(bytesOf([...start], [...frame], [...frame], [0x3b]))).toMatchObject({ animated: true }));
});

describe('WebP', () => {
  test('lossless', () => {
    const bits = (400 - 1) | ((200 - 1) << 14);
    expect(readHeader(bytesOf('RIFF', le32(30), 'WEBPVP8L', le32(10), [0x2f], le32(bits), [0, 0, 0, 0, 0]))).toMatchObject({ width: 400, height: 200 });
  });
  test('extended and animated', () => {
    const canvas = [...le16(70_000 & 0xffff), 70_000 >> 16, ...le16(9), 0];
    expect(readHeader(bytesOf('RIFF', le32(30), 'WEBPVP8X', le32(10), [0x02, 0, 0, 0], canvas))).toEqual({
      format: 'webp',
      width: 70_001,
      height: 10,
      orientation: 1,
      animated: true,
    });
  });
});

describe('PNG', () => {
  const start = bytesOf([0x89], 'PNG\r\n', [0x1a, 0x0a], be32(13), 'IHDR', be32(10_000), be32(10_000), [8, 6, 0, 0, 0], be32(0));
  test('animated', () => expect(readHeader(bytesOf([...start], be32(8), 'acTL', be32(4), be32(0), be32(0)))).toMatchObject({ width: 10_000, animated: true }));
});

test('a BMP from top to bottom has a negative height', () => {
  const bmp = bytesOf('BM', le32(0), le32(0), le32(54), le32(40), le32(12), le32(-34 >>> 0), le16(1), le16(24));
  expect(readHeader(bmp)).toMatchObject({ format: 'bmp', width: 12, height: 34 });
});

test.each([
  ['nothing', bytesOf()],
  ['text', bytesOf('Dear diary, today I learned what a picture is and is not.')],
  ['a PDF', bytesOf('%PDF-1.7 and more than thirty bytes of it')],
  ['a WAV file', bytesOf('RIFF', le32(36), 'WAVEfmt ', le32(16), new Array(20).fill(0))],
  ['an SVG', bytesOf('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['a PNG of no pixels', bytesOf([0x89], 'PNG\r\n', [0x1a, 0x0a], be32(13), 'IHDR', be32(0), be32(5), [8, 6, 0, 0, 0])],
])('%s is no picture', (_, bytes) => expect(readHeader(bytes)).toBeUndefined());
