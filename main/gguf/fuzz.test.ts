/** Twenty thousand broken headers: each is refused with a fault or read for what it is; none crashes, hangs or takes memory. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Fault } from '../../shared/result.ts';
import { modelFacts } from './facts.ts';
import { checkSize, type GgufHeader, parseHeader } from './header.ts';
import { readHeader, type Source } from './read.ts';
import { slimHeader } from './slim.ts';

const rounds = 20_000;
const mebibyte = 2 ** 20;
const fixture = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`../../e2e/fixtures/${name}`, import.meta.url)));

/** Whole headers without their tensors' data: a tokenizer and a template (tiny), every shape, a projector, a shard. */
const seeds = [
  'tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q4_K_M.gguf',
  'tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q8_0-00002-of-00003.gguf',
  'tiny-qwen3.5-vl/mmproj-tiny-qwen3.5-vl-F16.gguf',
  'headers/gpt-oss-20b-MXFP4.gguf',
  'headers/llama-3.1-8b-Q4_K_M.gguf',
  'headers/qwen3.5-0.8b-Q4_K_M.gguf',
  'headers/qwen3.5-35b-a3b-Q4_K_M.gguf',
  'headers/qwen3.5-9b-Q2_K.gguf',
].map((name) => {
  const bytes = fixture(name);
  const header = parseHeader(bytes, name);
  if ('needs' in header) throw new Error(`${name} is cut off`);
  return { bytes: bytes.subarray(0, header.dataOffset), header };
});
type Seed = (typeof seeds)[number];

/** Numbers from 0 to below `n`, always the same ones (mulberry32). */
function createDice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}
type Dice = (n: number) => number;

/** Claims that no real file makes, and some that a real one nearly does. */
const extremes = [
  0n,
  1n,
  255n,
  4096n,
  2n ** 16n,
  2n ** 24n,
  2n ** 26n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n,
  2n ** 60n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const u32 = (value: number): Buffer => {
  const piece = Buffer.alloc(4);
  piece.writeUInt32LE(value);
  return piece;
};
const u64 = (value: bigint | number): Buffer => {
  const piece = Buffer.alloc(8);
  piece.writeBigUInt64LE(BigInt(value));
  return piece;
};
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

const within = (bytes: Buffer, start: number, end: number): Buffer => Buffer.from(bytes.subarray(start, end));
const patched = (bytes: Buffer, at: number, piece: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  piece.copy(copy, Math.max(0, Math.min(at, copy.length - piece.length)));
  return copy;
};
const spliced = (bytes: Buffer, start: number, end: number, ...pieces: Buffer[]): Buffer =>
  Buffer.concat([bytes.subarray(0, start), ...pieces, bytes.subarray(end)]);
const withEntries = (bytes: Buffer, change: number): Buffer => patched(bytes, 16, u64(bytes.readBigUInt64LE(16) + BigInt(change)));
const anyEntry = ({ header }: Seed, dice: Dice) => header.entries[dice(header.entries.length)]!;

/** Where each tensor's entry begins: name, rank, dimensions, type, offset. */
function tensorStarts({ header }: Seed): number[] {
  let at = header.entries.at(-1)!.end;
  return header.tensors.map(({ name, dimensions }) => {
    const start = at;
    at += 8 + Buffer.byteLength(name) + 4 + dimensions.length * 8 + 4 + 8;
    return start;
  });
}
const starts = new Map(seeds.map((seed) => [seed, tensorStarts(seed)]));

type Mutation = (seed: Seed, dice: Dice) => Buffer;
const extreme = (dice: Dice): Buffer => u64(extremes[dice(extremes.length)]!);

const mutations: Record<string, Mutation> = {
  'flipped bytes': ({ bytes }, dice) => {
    const copy = Buffer.from(bytes);
    for (let left = 1 + dice(16); left > 0; left--) copy[dice(copy.length)] = dice(256);
    return copy;
  },
  'flipped bytes at the start': ({ bytes }, dice) => patched(bytes, dice(400), Buffer.from([dice(256)])),
  'cut off': ({ bytes }, dice) => within(bytes, 0, dice(bytes.length)),
  'a stretch taken out': ({ bytes }, dice) => {
    const start = dice(bytes.length);
    return spliced(bytes, start, start + 1 + dice(200));
  },
  'a stretch twice': ({ bytes }, dice) => {
    const start = dice(bytes.length);
    const end = start + 1 + dice(2000);
    return spliced(bytes, end, end, within(bytes, start, end));
  },
  'a number anywhere': ({ bytes }, dice) => patched(bytes, dice(bytes.length), extreme(dice)),
  'a count of tensors or keys': ({ bytes }, dice) => patched(bytes, dice(2) === 0 ? 8 : 16, extreme(dice)),
  'a length of a key': (seed, dice) => patched(seed.bytes, anyEntry(seed, dice).start, extreme(dice)),
  'a type of a value': (seed, dice) => {
    const { start, key } = anyEntry(seed, dice);
    return patched(seed.bytes, start + 8 + Buffer.byteLength(key), u32(dice(20) === 0 ? 2 ** 32 - 1 : dice(16)));
  },
  'a value, a length of a string, a type and count of an array': (seed, dice) => {
    const { start, key } = anyEntry(seed, dice);
    return patched(seed.bytes, start + 8 + Buffer.byteLength(key) + 4 + dice(3) * 4, extreme(dice));
  },
  'arrays in arrays': (seed, dice) => {
    const { start, end } = anyEntry(seed, dice);
    const depth = 1 + dice(2000);
    const nested = Array.from({ length: depth }, () => Buffer.concat([u32(9), u64(1 + dice(3))]));
    return spliced(seed.bytes, start, end, text('a.b'), u32(9), ...nested, u32(4), u64(1), u32(1));
  },
  'a long array of small things': (seed, dice) => {
    const { start, end } = anyEntry(seed, dice);
    const count = dice(20_000);
    return spliced(seed.bytes, start, end, text('a.b'), u32(9), u32(dice(2) === 0 ? 0 : 8), u64(count), Buffer.alloc(count * (1 + dice(8))));
  },
  'a key twice': (seed, dice) => {
    const { start, end } = anyEntry(seed, dice);
    return withEntries(spliced(seed.bytes, end, end, within(seed.bytes, start, end)), 1);
  },
  'a key of another value': (seed, dice) => {
    const { start, end, key } = anyEntry(seed, dice);
    const values = [
      [u32(8), text('x'.repeat(dice(5000)))],
      [u32(6), Buffer.from([0, 0, 192, 127])],
      [u32(11), u64(2n ** 64n - 1n)],
      [u32(9), u32(8), u64(2), text(''), text('\u0000')],
    ];
    return spliced(seed.bytes, start, end, text(key), ...values[dice(values.length)]!);
  },
  'a key missing': (seed, dice) => {
    const { start, end } = anyEntry(seed, dice);
    return withEntries(spliced(seed.bytes, start, end), -1);
  },
  'no keys': ({ bytes, header }) => patched(spliced(bytes, 24, header.entries.at(-1)!.end), 16, u64(0)),
  'another version': ({ bytes }, dice) => patched(bytes, 4, u32([0, 1, 2, 4, 3 << 24, 2 ** 32 - 1][dice(6)]!)),
  'byte-swapped': ({ bytes }) => Buffer.from(within(bytes, 0, bytes.length - (bytes.length % 8))).swap32(),
  'an alignment': (seed, dice) => {
    const { end } = anyEntry(seed, dice);
    const value = [0, 1, 3, 2 ** 31, 2 ** 32 - 1, 64][dice(6)]!;
    return withEntries(spliced(seed.bytes, end, end, text('general.alignment'), u32(4), u32(value)), 1);
  },
  'a number of a tensor': (seed, dice) => {
    const all = starts.get(seed)!;
    const index = dice(all.length);
    const { name, dimensions } = seed.header.tensors[index]!;
    const rank = all[index]! + 8 + Buffer.byteLength(name);
    return patched(seed.bytes, rank + 4 + dice(dimensions.length) * 8, extreme(dice));
  },
  'a rank, type or offset of a tensor': (seed, dice) => {
    const all = starts.get(seed)!;
    const index = dice(all.length);
    const { name, dimensions } = seed.header.tensors[index]!;
    const rank = all[index]! + 8 + Buffer.byteLength(name);
    const type = rank + 4 + dimensions.length * 8;
    const which = dice(3);
    return which === 0
      ? patched(seed.bytes, rank, u32(dice(10)))
      : which === 1
        ? patched(seed.bytes, type, u32(dice(60)))
        : patched(seed.bytes, type + 4, extreme(dice));
  },
};

/** What is done with any header that is found; whether it was read, asked for more or refused. */
type Outcome = 'read' | 'more' | 'refused';

function take(bytes: Uint8Array): Outcome {
  try {
    const header = parseHeader(bytes, 'a.gguf');
    if ('needs' in header) {
      if (header.needs <= bytes.length) throw new Error(`asks for ${header.needs} of ${bytes.length} bytes`);
      return 'more';
    }
    use(header, bytes);
    return 'read';
  } catch (error) {
    if (error instanceof Fault && /^(?:gguf|memory)\./.test(error.code)) return 'refused';
    throw error;
  }
}

/** What the app does with a header, in the order in which it does. */
function use(header: GgufHeader, bytes: Uint8Array): void {
  checkSize(header, 2 ** 40, 'a.gguf');
  modelFacts([header]);
  const slim = slimHeader([{ header, bytes }], 'a.gguf');
  const again = parseHeader(slim, 'slim.gguf');
  if ('needs' in again) throw new Error('the slim header is cut off');
  if (again.tensors.length !== header.tensors.length) throw new Error('the slim header has other tensors');
}

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');
const collect = (): void => {
  gc();
  // Buffers that the first found are counted until the second has begun.
  gc();
};
const held = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test(`${rounds} broken headers`, { timeout: 120_000 }, () => {
  const dice = createDice(20_260_101);
  const names = Object.keys(mutations);
  const outcomes = new Map(names.map((name) => [name, new Set<Outcome>()]));
  collect();
  const start = held();
  let slowest = 0;
  let most = 0;
  let kept = 0;
  for (let round = 0; round < rounds; round++) {
    const name = names[round % names.length]!;
    // The first has a chat template, and to render that takes longer than all else.
    const bytes = mutations[name]!(seeds[dice(24) === 0 ? 0 : 1 + dice(seeds.length - 1)]!, dice);
    const before = held();
    const began = process.cpuUsage();
    try {
      outcomes.get(name)!.add(take(bytes));
    } catch (error) {
      throw new Error(`round ${round}, ${name}`, { cause: error });
    }
    // Of the processor, so that a busy machine is no hang.
    const { user, system } = process.cpuUsage(began);
    slowest = Math.max(slowest, (user + system) / 1000);
    most = Math.max(most, held() - before);
    if (round % 1000 === 999) {
      collect();
      kept = Math.max(kept, held() - start);
    }
  }
  expect(slowest, 'ms of computing, for the slowest').toBeLessThan(1000);
  expect(most / mebibyte, 'MiB, for the hungriest').toBeLessThan(64);
  expect(kept / mebibyte, 'MiB above the start, once garbage is gone').toBeLessThan(64);
  // Broken for certain, so refused; and the rest is not refused for being there at all.
  for (const name of ['a key twice', 'arrays in arrays', 'byte-swapped']) expect([...outcomes.get(name)!], name).toEqual(['refused']);
  for (const name of ['flipped bytes', 'a key missing', 'a key of another value']) expect([...outcomes.get(name)!], name).toContain('read');
  expect([...outcomes.get('cut off')!]).toContain('more');
});

/** A file that never ends, of zeros or of the same bytes again and again. */
function endless(start: Buffer, again: Buffer): Source {
  return {
    file: 'a.gguf',
    size: 2 ** 40,
    async read(from, to) {
      const phase = (((from - start.length) % again.length) + again.length) % again.length;
      const bytes = Buffer.alloc(to - from, Buffer.concat([again.subarray(phase), again.subarray(0, phase)]));
      start.copy(bytes, 0, Math.min(from, start.length));
      return bytes;
    },
  };
}

test.each([
  ['strings without end', [u32(8), u64(4_000_000)], text('word')],
  ['keys without end', [], Buffer.concat([text('k'), u32(0), Buffer.from([1])])],
  ['zeros without end', [u32(0), u64(31 * mebibyte)], Buffer.alloc(8)],
] as const)('a header of %s is given up in bounded memory', async (_, array, again) => {
  const start = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1), u64(2_000_000), ...(array.length > 0 ? [text('a'), u32(9), ...array] : [])]);
  collect();
  const before = held();
  let most = 0;
  const source = endless(start, again);
  const watched: Source = {
    ...source,
    async read(from, to) {
      collect();
      most = Math.max(most, held() - before);
      return source.read(from, to);
    },
  };
  await expect(readHeader(watched)).rejects.toMatchObject({ code: expect.stringMatching(/^gguf\./) });
  expect(most / mebibyte).toBeLessThan(64);
});
