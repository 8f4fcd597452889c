/** Every published file name of the table says what it should, and labels sort by quality. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compareQuality, nominalBits, parseFileName } from './quant.ts';

interface Row {
  path: string;
  role: string;
  quant: string | null;
  bpw: number | null;
  bpwFrom?: string;
  shard: [number, number] | null;
  flags?: string[];
}
const { rows } = JSON.parse(readFileSync(new URL('../e2e/fixtures/hub-samples/quant-filenames.json', import.meta.url), 'utf8')) as { rows: Row[] };

test('the table is whole', () => expect(rows).toHaveLength(142));

test.each(rows)('$path', (row) => {
  const name = parseFileName(row.path);
  expect(name.role).toBe(row.role);
  expect(name.label ?? null).toBe(row.quant);
  expect(name.shard ? [name.shard.index, name.shard.count] : null).toEqual(row.shard);
  const flags = row.flags ?? [];
  expect(name.unsupported === 'removed').toBe(flags.includes('removed-format'));
  expect(name.unsupported === 'ik').toBe(flags.includes('ik_llama.cpp-only'));
  expect(name.unsupported === 'bigEndian').toBe(flags.includes('big-endian'));
  expect(name.maybeDraft ?? false).toBe(flags.includes('maybe-draft'));
  expect(name.modifiers.includes('i1')).toBe(flags.includes('i1'));
  if (row.quant && row.bpw && !row.quant.startsWith('UD-') && name.unsupported !== 'removed') expect(nominalBits(row.quant)).toBe(row.bpw);
});

test('shards of one model share a group; another count, folder or prefix is another group', () => {
  const group = (path: string) => parseFileName(path).shard?.group;
  expect(group('Q4_K_M/a-Q4_K_M-00001-of-00002.gguf')).toBe(group('Q4_K_M/a-Q4_K_M-00002-of-00002.gguf'));
  const others = ['Q4_K_M/a-Q4_K_M-00001-of-00003.gguf', 'a-Q4_K_M-00001-of-00002.gguf', 'Q4_K_M/b-Q4_K_M-00001-of-00002.gguf'];
  expect(new Set([group('Q4_K_M/a-Q4_K_M-00001-of-00002.gguf'), ...others.map(group)]).size).toBe(4);
});

test('byte splits are no shards', () => {
  expect(parseFileName('DeepSeek-R1.Q6_K.gguf.part1of2')).toMatchObject({ role: 'other', unsupported: 'byteSplit' });
  expect(parseFileName('falcon-180b-chat.Q6_K.gguf-split-a')).toMatchObject({ role: 'other', unsupported: 'byteSplit' });
});

test('a variant tells files of one label apart', () => {
  expect(parseFileName('Llama-3.1-8B-Instruct-IQ4_XS-3.57bpw.gguf')).toMatchObject({ label: 'IQ4_XS', variant: '3.57bpw' });
});

test('sorts best first', () => {
  const labels = ['Q4_K_M', 'IQ1_S', 'BF16', 'UD-Q4_K_XL', 'Q8_0', 'Q4_0', 'UD-Q4_K_M', 'Q2_K', 'Q6_K', 'IQ4_XS', 'Q3_K_M', 'F32', 'Q5_K_S'];
  expect(
    labels
      .map((label) => ({ label }))
      .sort(compareQuality)
      .map(({ label }) => label),
  ).toEqual(['F32', 'BF16', 'Q8_0', 'Q6_K', 'Q5_K_S', 'UD-Q4_K_XL', 'UD-Q4_K_M', 'Q4_K_M', 'IQ4_XS', 'Q4_0', 'Q3_K_M', 'Q2_K', 'IQ1_S']);
});

test('a Q4_0 that was trained for ranks above Q4_K_M; an unknown label stands where its bits put it', () => {
  expect(compareQuality({ label: 'Q4_0', qat: true }, { label: 'Q4_K_M' })).toBeLessThan(0);
  expect(compareQuality({ label: 'Q4_0' }, { label: 'Q4_K_M' })).toBeGreaterThan(0);
  expect(compareQuality({ label: 'APEX-I-Mini', bitsPerWeight: 3.3 }, { label: 'Q6_K' })).toBeGreaterThan(0);
  expect(compareQuality({ label: 'APEX-I-Mini', bitsPerWeight: 3.3 }, { label: 'Q2_K' })).toBeLessThan(0);
  expect(compareQuality({ label: 'APEX-I-Mini' }, { label: 'Q1_0' })).toBeGreaterThan(0);
});
