/** What people read for sizes, rates and times in both languages. */
import { expect, test } from 'vitest';
import { createFormat } from './format.ts';

const en = createFormat('en-GB');
const fr = createFormat('fr');
/** French separates with narrow and non-breaking spaces. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

test('file sizes are decimal', () => {
  expect(en.fileSize(5_600_000_000)).toBe('5.6 GB');
  expect(en.fileSize(999_990_000)).toBe('1.0 GB');
  expect(en.fileSize(412_300_000)).toBe('412 MB');
  expect(en.fileSize(8_340_000)).toBe('8.3 MB');
  expect(en.fileSize(812)).toBe('812 bytes');
  expect(plain(fr.fileSize(5_600_000_000))).toBe('5,6 Go');
});

test('memory is counted in 2^30: an 8 GB card shows 8.0', () => {
  expect(en.memory(8 * 2 ** 30)).toBe('8.0 GB');
  expect(en.memory(8_000_000_000)).toBe('7.5 GB');
  expect(en.memory(300 * 2 ** 20)).toBe('300 MB');
  expect(en.memoryOf(6.24 * 2 ** 30, 8 * 2 ** 30)).toBe('6.2 / 8.0 GB');
  expect(plain(fr.memoryOf(6.24 * 2 ** 30, 8 * 2 ** 30))).toBe('6,2 / 8,0 Go');
});

test('rates, speeds and times', () => {
  expect(en.rate(12_400_000)).toBe('12.4 MB/s');
  expect(plain(fr.rate(12_400_000))).toBe('12,4 Mo/s');
  expect(en.speed(41.27)).toBe('41.3 tok/s');
  expect(en.duration(350)).toBe('0.35 s');
  expect(en.duration(4200)).toBe('4.2 s');
  expect(plain(fr.duration(4200))).toBe('4,2 s');
  expect(en.duration(59_600)).toBe('1 min 00 s');
  expect(en.duration(200_000)).toBe('3 min 20 s');
  expect(en.duration(3_900_000)).toBe('1 h 05 min');
});

test('counts and contexts', () => {
  expect(en.count(262_144)).toBe('262,144');
  expect(plain(fr.count(262_144))).toBe('262 144');
  expect(en.compact(1_230_000)).toBe('1.2M');
  expect(en.context(16_384)).toBe('16k');
  expect(en.context(512)).toBe('512');
  expect(en.context(1536)).toBe('1.5k');
  expect(en.percent(0.314)).toBe('31%');
});
