/** Headers of files on the Hub and on disk: as few bytes as it takes, kept, and nothing kept of what is broken. */
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { builtinRepositories, tinyRepo } from '../../e2e/hub/builtin.ts';
import { bytes, seeded } from '../../e2e/hub/content.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import type { ModelDetail, Quantization } from '../../shared/schemas/hub.ts';
import { createHub, type Hub } from '../hub/client.ts';
import { readModel } from '../hub/files.ts';
import { createHeaders, type Headers } from './headers.ts';

const never = new AbortController().signal;
const fixtures = fileURLToPath(new URL('../../e2e/fixtures', import.meta.url));
const tiny = (name: string) => join(fixtures, 'tiny-qwen3.5-vl', name);
const code = (expected: string, data?: Record<string, unknown>) =>
  expect.objectContaining({ code: expected, ...(data && { data: expect.objectContaining(data) }) });

const u32 = (value: number) => {
  const piece = Buffer.alloc(4);
  piece.writeUInt32LE(value);
  return piece;
};
const u64 = (value: number) => {
  const piece = Buffer.alloc(8);
  piece.writeBigUInt64LE(BigInt(value));
  return piece;
};
const str = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

/** A model of one tensor with a vocabulary of `tokens` words of eleven bytes (`longer`: that many have twelve). */
function modelFile(tokens: number, { dataBytes = 64, name = 'A', fileType = 15, longer = 0 } = {}): Buffer {
  const words = Array.from({ length: tokens }, (_, index) => str(`${index < longer ? 'words' : 'word'}${String(index).padStart(7, '0')}`));
  const entries = [
    [str('general.architecture'), u32(8), str('llama')],
    [str('general.name'), u32(8), str(name)],
    [str('llama.block_count'), u32(4), u32(1)],
    [str('tokenizer.ggml.model'), u32(8), str('gpt2')],
    [str('tokenizer.ggml.tokens'), u32(9), u32(8), u64(tokens), ...words],
    [str('tokenizer.ggml.eos_token_id'), u32(4), u32(7)],
    [str('tokenizer.ggml.token_type'), u32(9), u32(5), u64(tokens), Buffer.alloc(4 * tokens, 1)],
    [str('tokenizer.chat_template'), u32(8), str('{% if enable_thinking %}{{ messages[0].content }}{% endif %}')],
    [str('general.file_type'), u32(4), u32(fileType)],
  ];
  const tensor = [str('token_embd.weight'), u32(1), u64(16), u32(0), u64(0)];
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1), u64(entries.length), ...entries.flat(), ...tensor]);
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), Buffer.alloc(dataBytes)]);
}

let folder: string;
let standIn: StandIn;
let hub: Hub;
let headers: Headers;

const large = modelFile(300_000);

beforeAll(async () => {
  const endless = Buffer.concat([modelFile(10).subarray(0, 16), u64(1), str('a'), u32(9), u32(8), u64(2_000_000)]);
  const files = {
    'large-Q4_K_M.gguf': bytes(large),
    'cut-Q4_K_M.gguf': bytes(modelFile(100, { dataBytes: 63 })),
    'headless-Q4_K_M.gguf': bytes(endless),
    'noise-Q4_K_M.gguf': seeded('noise', 5000),
    'page-Q4_K_M.gguf': bytes('<!doctype html><title>No</title>'),
    'empty-Q4_K_M.gguf': bytes('G'),
  };
  const family = {
    'm-Q8_0.gguf': bytes(modelFile(300_000, { name: 'The model', fileType: 7 })),
    'm-Q4_K_M.gguf': bytes(modelFile(300_000, { name: 'The model, a longer name', fileType: 15 })),
    'm-Q6_K.gguf': bytes(modelFile(300_000, { name: 'The model', fileType: 18 })),
    'other-vocabulary-Q4_0.gguf': bytes(modelFile(300_001, { fileType: 2 })),
    'longer-words-Q4_1.gguf': bytes(modelFile(300_000, { fileType: 3, longer: 1000 })),
    'cut-Q5_0.gguf': bytes(modelFile(300_000, { fileType: 8, dataBytes: 32 })),
  };
  standIn = await startHub({ repositories: [...builtinRepositories(fixtures), { repo: 'ada/Odd-GGUF', files }, { repo: 'ada/Family-GGUF', files: family }] });
});
afterAll(() => standIn.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headers-'));
  hub = createHub({ endpoint: standIn.endpoint, redirectHosts: standIn.redirectHosts, token: undefined }, { backOffMs: 1 });
  headers = createHeaders({ hub, cacheFolder: folder });
});
afterEach(async () => {
  standIn.clearFaults();
  standIn.setRate(undefined);
  await rm(folder, { recursive: true });
});

const requests = (at: string) => standIn.log.filter((entry) => entry.at === at);
const keptFiles = async () => (await readdir(join(folder, 'headers'), { recursive: true }).catch(() => [])).filter((name) => /gguf/.test(name));

async function pick(
  repo: string,
  chosen: (item: Quantization) => boolean,
): Promise<{ repo: string; commit: string; files: Quantization['files']; detail: ModelDetail }> {
  const detail = await readModel(hub, repo, never);
  const { files } = detail.quantizations.find(chosen)!;
  standIn.log.length = 0;
  return { repo, commit: detail.commit, files, detail };
}
const odd = (name: string) => pick('ada/Odd-GGUF', ({ id }) => id.startsWith(name));

describe('on the Hub', () => {
  test('a model of five gigabytes costs one request of the Hub and one range of 256 KiB', async () => {
    const model = await pick('unsloth/Qwen3.5-9B-GGUF', ({ label }) => label === 'Q4_K_M');
    const { path, facts } = await headers.forHub(model, never);
    expect(facts).toMatchObject({ architecture: 'qwen35', blockCount: 32, vocabularySize: 248_320, label: 'Q4_K_M' });
    expect((await readFile(path)).subarray(0, 4).toString()).toBe('GGUF');
    expect(requests('hub').map(({ method }) => method)).toEqual(['HEAD']);
    expect(requests('cdn').map(({ headers: asked }) => asked.range)).toEqual(['bytes=0-262143']);
  });

  test('a large vocabulary is read on, without a byte twice and without the weights', async () => {
    const { facts } = await headers.forHub(await odd('large'), never);
    expect(facts).toMatchObject({ vocabularySize: 300_000, parameters: 16 });
    const ranges = requests('cdn').map(({ headers: asked }) => /(\d+)-(\d+)/.exec(asked.range!)!.slice(1).map(Number));
    expect(ranges.length).toBeGreaterThan(2);
    for (const [index, [start]] of ranges.entries()) expect(start).toBe(index === 0 ? 0 : ranges[index - 1]![1]! + 1);
    expect(ranges.at(-1)![1]).toBeLessThan(large.length);
    expect(requests('hub')).toHaveLength(1);
  });

  test('kept by content: read again, also under another name, nothing is asked', async () => {
    const first = await headers.forHub(await pick('unsloth/Qwen3.5-9B-GGUF', ({ label }) => label === 'Q6_K'), never);
    const other = await pick('lmstudio-community/Qwen3.5-9B-GGUF', ({ label }) => label === 'Q6_K');
    expect(await createHeaders({ hub, cacheFolder: folder }).forHub(other, never)).toEqual(first);
    expect(standIn.log).toHaveLength(0);
    expect(await keptFiles()).toHaveLength(1);
  });

  test('shards are one header, as the whole file has it', async () => {
    const split = await headers.forHub(await pick(tinyRepo, ({ files }) => files.length === 3), never);
    const single = await headers.forHub(await pick(tinyRepo, ({ id }) => id === 'tiny-qwen3.5-vl-Q8_0.gguf'), never);
    expect(split.facts).toEqual(single.facts);
    expect(split.facts.thinking).toBe(true);
    expect(split.path).not.toBe(single.path);
  });

  describe('the next quantizations of a model', () => {
    const read = async (label: string) => headers.forHub(await pick('ada/Family-GGUF', (item) => item.label === label), never);
    const received = () => requests('cdn').reduce((sum, { bytesSent }) => sum + bytesSent, 0);

    test('cost a hundredth of the first, and give what reading them wholly gives', async () => {
      await read('Q8_0');
      expect(received()).toBeGreaterThan(6e6);
      const sibling = await read('Q4_K_M');
      expect(requests('cdn')).toHaveLength(2);
      expect(received()).toBeLessThan(20_000);
      expect(sibling.facts).toMatchObject({ name: 'The model, a longer name', label: 'Q4_K_M', vocabularySize: 300_000, chat: true, thinking: true });
      const wholly = await createHeaders({ hub, cacheFolder: join(folder, 'other') }).forHub(
        await pick('ada/Family-GGUF', ({ label }) => label === 'Q4_K_M'),
        never,
      );
      expect(wholly.facts).toEqual(sibling.facts);
      expect(await readFile(sibling.path)).toEqual(await readFile(wholly.path));
    });

    test('asked for all at once, the others wait for the first', async () => {
      const detail = await readModel(hub, 'ada/Family-GGUF', never);
      standIn.log.length = 0;
      const some = detail.quantizations.filter(({ label }) => ['Q8_0', 'Q6_K', 'Q4_K_M'].includes(label));
      const all = await Promise.all(some.map(({ files }) => headers.forHub({ repo: 'ada/Family-GGUF', commit: detail.commit, files }, never)));
      expect(all.map(({ facts }) => facts.label)).toEqual(['Q8_0', 'Q6_K', 'Q4_K_M']);
      expect(received()).toBeLessThan(modelFile(300_000).length * 1.1);
    });

    test('the first one cancelled, the next is read in its place', async () => {
      const model = await pick('ada/Family-GGUF', ({ label }) => label === 'Q8_0');
      const stopping = new AbortController();
      standIn.fault({ at: 'cdn', kind: 'stall', after: 1000 });
      const first = headers.forHub(model, stopping.signal);
      const second = headers.forHub({ ...model, files: model.detail.quantizations.find(({ label }) => label === 'Q6_K')!.files }, never);
      await expect.poll(() => requests('cdn').flatMap(({ faults }) => faults)).toEqual(['stall']);
      stopping.abort();
      await expect(first).rejects.toEqual(code('cancelled'));
      expect((await second).facts.label).toBe('Q6_K');
    });

    test('a vocabulary of another length, or of other words, is read itself', async () => {
      await read('Q8_0');
      expect((await read('Q4_0')).facts).toMatchObject({ label: 'Q4_0', vocabularySize: 300_001 });
      expect((await read('Q4_1')).facts).toMatchObject({ label: 'Q4_1', vocabularySize: 300_000, thinking: true });
    });

    test('a file that is cut is refused as ever', async () => {
      await read('Q8_0');
      await expect(read('Q5_0')).rejects.toEqual(code('gguf.truncated', { file: 'cut-Q5_0.gguf' }));
    });
  });

  test('a projector', async () => {
    const { detail, ...model } = await pick(tinyRepo, () => true);
    const { facts } = await headers.forHub({ ...model, files: [detail.projector!] }, never);
    expect(facts.clip).toMatchObject({ projectorType: 'qwen3vl_merger', projectionDim: 256 });
  });

  test('two at once are one; one who leaves does not stop the other; all who leave stop it', async () => {
    const model = await odd('large');
    standIn.setRate(2_000_000);
    const stopping = new AbortController();
    const leaving = headers.forHub(model, stopping.signal);
    const staying = headers.forHub(model, never);
    stopping.abort();
    await expect(leaving).rejects.toEqual(code('cancelled'));
    expect((await staying).facts.vocabularySize).toBe(300_000);
    expect(requests('hub')).toHaveLength(1);

    const again = await pick(tinyRepo, ({ label }) => label === 'F16');
    standIn.fault({ at: 'cdn', kind: 'stall', after: 1000 });
    const alone = new AbortController();
    const stalled = headers.forHub(again, alone.signal);
    while (requests('cdn').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    alone.abort();
    await expect(stalled).rejects.toEqual(code('cancelled'));
    while (requests('cdn')[0]!.closedBy === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(requests('cdn')[0]!.closedBy).toBe('client');
    expect((await headers.forHub(again, never)).facts.label).toBe('F16');
  });

  test.each([
    ['page', 'gguf.notGguf'],
    ['noise', 'gguf.notGguf'],
    ['empty', 'gguf.truncated'],
    ['headless', 'gguf.truncated'],
    ['cut', 'gguf.truncated'],
  ])('%s: %s, by name, and nothing is kept', async (name, expected) => {
    const model = await odd(name);
    await expect(headers.forHub(model, never)).rejects.toEqual(code(expected, { file: `${name}-Q4_K_M.gguf` }));
    expect(await keptFiles()).toEqual([]);
  });

  test('a link that has expired is renewed once', async () => {
    const model = await odd('large');
    standIn.fault({ at: 'cdn', kind: 'expired', nth: 2 });
    expect((await headers.forHub(model, never)).facts.vocabularySize).toBe(300_000);
    expect(requests('hub')).toHaveLength(2);
  });

  test('links that are refused for ever are said', async () => {
    const model = await odd('large');
    standIn.fault({ at: 'cdn', kind: 'expired', times: 'always' });
    await expect(headers.forHub(model, never)).rejects.toEqual(code('hub.linkRefused'));
    expect(requests('hub').length).toBeLessThanOrEqual(2);
  });

  test.each([
    { at: 'cdn', kind: 'truncate' },
    { at: 'cdn', kind: 'truncate', chunked: true },
    { at: 'cdn', kind: 'reset' },
    { at: 'cdn', kind: 'status', status: 503 },
    { at: 'cdn', kind: 'ignoreRange', times: 'always' },
  ] as const)('goes on after $kind', async (fault) => {
    const model = await odd('large');
    standIn.fault(fault);
    expect((await headers.forHub(model, never)).facts).toMatchObject({ vocabularySize: 300_000, label: 'Q4_K_M' });
  });

  test.each([
    [{ at: 'cdn', kind: 'wrongRange', times: 'always' }, 'hub.badAnswer'],
    [{ at: 'cdn', kind: 'extraBytes', times: 'always' }, 'hub.badAnswer'],
    [{ at: 'cdn', kind: 'gzip', times: 'always' }, 'hub.badAnswer'],
    [{ at: 'cdn', kind: 'captivePortal', times: 'always' }, 'hub.badAnswer'],
    [{ at: 'cdn', kind: 'tooBig', times: 'always' }, 'hub.tooBig'],
    [{ at: 'cdn', kind: 'refuse', times: 'always' }, 'hub.unreachable'],
    [{ at: 'hub', kind: 'gated' }, 'hub.gated'],
    [{ at: 'hub', kind: 'etagChanged' }, 'download.changed'],
    [{ at: 'hub', kind: 'sizeChanged' }, 'download.changed'],
  ] as const)('%o is %s, and nothing is kept', async (fault, expected) => {
    const model = await odd('large');
    standIn.fault(fault);
    await expect(headers.forHub(model, never)).rejects.toEqual(code(expected));
    expect(await keptFiles()).toEqual([]);
  });

  test('a kept header that was damaged is made anew', async () => {
    const model = await odd('large');
    const { path, facts } = await headers.forHub(model, never);
    await truncate(path, 40);
    expect((await headers.forHub(model, never)).facts).toEqual(facts);
    expect((await readFile(path)).length).toBeGreaterThan(40);
  });
});

describe('on disk', () => {
  test('one file, shards, a projector; facts stay the same when they come from the kept header', async () => {
    const shards = [1, 2, 3].map((n) => tiny(`tiny-qwen3.5-vl-Q8_0-0000${n}-of-00003.gguf`));
    const single = await headers.forFile([tiny('tiny-qwen3.5-vl-Q8_0.gguf')]);
    expect(single.facts).toMatchObject({ name: 'Tiny Qwen3.5 VL', chat: true, thinking: true, pictures: true, vocabularySize: 2048 });
    expect((await headers.forFile(shards)).facts).toEqual(single.facts);
    expect(await headers.forFile([tiny('tiny-qwen3.5-vl-Q8_0.gguf')])).toEqual(single);
    expect((await headers.forFile([tiny('mmproj-tiny-qwen3.5-vl-F16.gguf')])).facts.clip).toMatchObject({ patchSize: 16 });
  });

  test('a file that changed is read again', async () => {
    const path = join(folder, 'model.gguf');
    await copyFile(tiny('tiny-qwen3.5-vl-Q4_K_M.gguf'), path);
    expect((await headers.forFile([path])).facts.label).toBe('Q4_K_M');
    await copyFile(tiny('tiny-qwen3.5-vl-Q6_K.gguf'), path);
    await utimes(path, 1e9, 1e9);
    expect((await headers.forFile([path])).facts.label).toBe('Q6_K');
  });

  test('what is missing, cut, foreign, or only a part of a model', async () => {
    await expect(headers.forFile([join(folder, 'none.gguf')])).rejects.toEqual(code('library.notFound'));
    const path = join(folder, 'cut.gguf');
    const whole = await readFile(tiny('tiny-qwen3.5-vl-Q4_K_M.gguf'));
    for (const length of [whole.length - 100, 60_000, 100, 3]) {
      await writeFile(path, whole.subarray(0, length));
      await expect(headers.forFile([path])).rejects.toEqual(code('gguf.truncated', { file: 'cut.gguf' }));
    }
    await writeFile(path, 'PK\u0003\u0004 a zip');
    await expect(headers.forFile([path])).rejects.toEqual(code('gguf.notGguf', { file: 'cut.gguf' }));
    const [first, second, third] = [1, 2, 3].map((n) => tiny(`tiny-qwen3.5-vl-Q8_0-0000${n}-of-00003.gguf`));
    await expect(headers.forFile([first!])).rejects.toEqual(code('gguf.truncated'));
    await expect(headers.forFile([first!, third!, second!])).rejects.toEqual(code('gguf.truncated'));
    expect(await keptFiles()).toEqual([]);
  });
});
