/** A model's files: recorded trees become what a person chooses among, names that could hurt a disk stay out. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtinRepositories, gatedRepo, tinyRepo } from '../../e2e/hub/builtin.ts';
import { goodToken } from '../../e2e/hub/exchange.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import { createHub } from './client.ts';
import { readModel } from './files.ts';
import { isSafePath } from './names.ts';

const never = new AbortController().signal;
const fixtures = fileURLToPath(new URL('../../e2e/fixtures', import.meta.url));
const commit = 'a'.repeat(40);

type Entry = { type: string; path: string; size: number; oid: string; lfs?: { oid: string; size: number; pointerSize: number } };
const recorded = (name: string): Entry[] => JSON.parse(readFileSync(`${fixtures}/hub-samples/tree-${name}.json`, 'utf8')).body;
const entry = (path: string, size = 1000): Entry => ({ type: 'file', path, size, oid: '0'.repeat(40), lfs: { oid: 'b'.repeat(64), size, pointerSize: 128 } });

/** The model of one repository whose tree and details are given. */
async function detailOf(
  tree: unknown[] | ((cursor: string | null) => { page: unknown[]; next?: string }),
  details: object = {},
): Promise<{ detail: ModelDetail; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://hub');
    asked.push(request.url!);
    if (!url.pathname.includes('/tree/')) return response.end(JSON.stringify({ id: 'ada/Model-GGUF', sha: commit, tags: [], ...details }));
    const { page, next } = typeof tree === 'function' ? tree(url.searchParams.get('cursor')) : { page: tree, next: undefined };
    if (next) response.setHeader('link', `<https://huggingface.co/api/x?cursor=${next}>; rel="next"`);
    return response.end(JSON.stringify(page));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { detail: await readModel(createHub({ endpoint, redirectHosts: [], token: undefined }), 'ada/Model-GGUF', never), asked };
  } finally {
    server.close();
  }
}

describe('recorded trees', () => {
  test('gpt-oss-120b: shards in folders are one item each, sizes summed', async () => {
    const { detail } = await detailOf(recorded('unsloth--gpt-oss-120b-GGUF'));
    const q2 = detail.quantizations.find(({ label }) => label === 'Q2_K')!;
    expect(q2.files.map(({ path }) => path)).toEqual(['Q2_K/gpt-oss-120b-Q2_K-00001-of-00002.gguf', 'Q2_K/gpt-oss-120b-Q2_K-00002-of-00002.gguf']);
    expect(q2.size).toBe(q2.files[0]!.size + q2.files[1]!.size);
    expect(q2.id).toBe(q2.files[0]!.path);
    expect(detail.quantizations.every(({ unsupported }) => unsupported === undefined)).toBe(true);
    expect(new Set(detail.quantizations.map(({ label }) => label)).size).toBe(detail.quantizations.length);
    expect(detail.projector).toBeUndefined();
    expect(detail.vision).toBe(false);
  });

  test('Qwen3.5-9B: best first, the F16 projector, bits per weight by size', async () => {
    const { detail, asked } = await detailOf(recorded('unsloth--Qwen3.5-9B-GGUF.assembled'), {
      gguf: { total: 8_953_803_264, architecture: 'qwen35', context_length: 262_144, chat_template: 'x' },
      cardData: { license: 'apache-2.0', base_model: ['Qwen/Qwen3.5-9B'] },
    });
    const labels = detail.quantizations.map(({ label }) => label);
    expect(labels.slice(0, 4)).toEqual(['BF16', 'UD-Q8_K_XL', 'Q8_0', 'UD-Q6_K_XL']);
    expect(labels.at(-1)).toBe('UD-IQ2_XXS');
    expect(detail.projector?.path).toBe('mmproj-F16.gguf');
    expect(detail).toMatchObject({ commit, vision: true, architecture: 'qwen35', contextLength: 262_144, licence: 'apache-2.0', baseModel: 'Qwen/Qwen3.5-9B' });
    const q4 = detail.quantizations.find(({ label }) => label === 'Q4_K_M')!;
    expect(q4.bitsPerWeight).toBeCloseTo((q4.size * 8) / 8_953_803_264, 6);
    expect(q4.files[0]!.sha256).toBe('03b74727a860a56338e042c4420bb3f04b2fec5734175f4cb9fa853daf52b7e8');
    expect(asked[1]).toContain(`/tree/${commit}?recursive=true`);
  });

  test('Qwen3.8-27B-Uncensored: drafts and the importance matrix stay out, the projector of this very model is found', async () => {
    const tree = recorded('JonathanColetti--Qwen3.8-27B-Uncensored-GGUF');
    const { detail } = await detailOf(tree);
    const paths = detail.quantizations.flatMap(({ files }) => files.map(({ path }) => path));
    expect(tree.some(({ path }) => /-draft-/.test(path))).toBe(true);
    expect(paths.some((path) => /draft|imatrix|mmproj|\.dat$/.test(path))).toBe(false);
    expect(paths.length).toBeGreaterThan(3);
    expect(detail.projector?.path).toBe('mmproj-Qwen3.8-27B-Uncensored-F16.gguf');
  });

  test('gemma-3, and gated: hashes of asterisks are no hashes', async () => {
    expect((await detailOf(recorded('ggml-org--gemma-3-4b-it-GGUF'))).detail.projector?.path).toBe('mmproj-model-f16.gguf');
    const { detail } = await detailOf(recorded('google--gemma-3-4b-it-qat-q4_0-gguf.gated'), { gated: 'manual' });
    expect(detail.gated).toBe('manual');
    expect(detail.quantizations[0]).toMatchObject({ label: 'Q4_0' });
    expect(detail.quantizations[0]!.files[0]).not.toHaveProperty('sha256');
    expect(detail.quantizations[0]!.size).toBeGreaterThan(3e9);
  });
});

describe('what llama.cpp cannot run is shown and says why', () => {
  const reasons = async (...paths: string[]) =>
    Object.fromEntries((await detailOf(paths.map((path) => entry(path)))).detail.quantizations.map(({ label, unsupported }) => [label, unsupported]));
  test('formats', async () => {
    expect(await reasons('m-IQ4_KSS.gguf', 'm-Q4_0_4_4.gguf', 'm-be.F16.gguf', 'm-Q4_K_M.gguf')).toEqual({
      IQ4_KSS: 'ik',
      Q4_0_4_4: 'removed',
      F16: 'bigEndian',
      Q4_K_M: undefined,
    });
  });
  test('a shard that is missing, shards by the hundred, a byte split', async () => {
    expect(await reasons('m-Q4_K_M-00001-of-00003.gguf', 'm-Q4_K_M-00003-of-00003.gguf')).toEqual({ Q4_K_M: 'incomplete' });
    const many = Array.from({ length: 101 }, (_, index) => `m-Q8_0-${String(index + 1).padStart(5, '0')}-of-00101.gguf`);
    expect(await reasons(...many)).toEqual({ Q8_0: 'tooManyShards' });
    const { detail } = await detailOf([entry('m.Q6_K.gguf.part1of2'), entry('m.Q6_K.gguf.part2of2')]);
    expect(detail.quantizations).toMatchObject([{ label: 'Q6_K', size: 2000, unsupported: 'byteSplit' }]);
  });
});

test('a file named after a draft is a model by its size, or is not', async () => {
  const gguf = { total: 1e9 };
  const labels = async (size: number) =>
    (await detailOf([entry('m-MTP-Q4_K_M.gguf', size), entry('m-Q8_0.gguf', 1_062_500_000)], { gguf })).detail.quantizations.map(({ label }) => label);
  expect(await labels(611_000_000)).toEqual(['Q8_0', 'Q4_K_M']);
  expect(await labels(60_000_000)).toEqual(['Q8_0']);
});

describe('the projector', () => {
  const projector = async (...paths: string[]) => (await detailOf(paths.map((path) => entry(path)))).detail.projector?.path;
  test('F16 before BF16, Q8_0 and F32', async () => {
    expect(await projector('m-Q4_K_M.gguf', 'mmproj-F32.gguf', 'mmproj-Q8_0.gguf', 'mmproj-BF16.gguf', 'mmproj-F16.gguf')).toBe('mmproj-F16.gguf');
    expect(await projector('m-Q4_K_M.gguf', 'mmproj-F32.gguf', 'mmproj-BF16.gguf')).toBe('mmproj-BF16.gguf');
  });
  test('of the same folder first, and never one made for another model', async () => {
    expect(await projector('a/m-Q4_K_M.gguf', 'mmproj-F16.gguf', 'a/mmproj-BF16.gguf')).toBe('a/mmproj-BF16.gguf');
    expect(await projector('qwen-9b-Q4_K_M.gguf', 'mmproj-other-7b-F16.gguf')).toBeUndefined();
    expect(await projector('Qwen-9B-Q4_K_M.gguf', 'mmproj-other-7b-F16.gguf', 'mmproj-qwen-9b-BF16.gguf')).toBe('mmproj-qwen-9b-BF16.gguf');
  });
});

describe('the listing', () => {
  test('all pages, at one commit', async () => {
    const { detail, asked } = await detailOf((cursor) =>
      cursor === null ? { page: [entry('a-Q4_K_M.gguf')], next: 'two' } : { page: [entry('a-Q8_0.gguf')] },
    );
    expect(detail.quantizations.map(({ label }) => label)).toEqual(['Q8_0', 'Q4_K_M']);
    expect(asked.filter((url) => url.includes('/tree/')).every((url) => url.includes(commit))).toBe(true);
  });
  test('a cursor that comes again, and pages without end', async () => {
    const circle = await detailOf(() => ({ page: [entry('a-Q4_K_M.gguf')], next: 'same' }));
    expect(circle.asked.length).toBeLessThanOrEqual(4);
    let count = 0;
    const endless = await detailOf(() => ({ page: [entry(`a-${count}-Q4_K_M.gguf`)], next: String(count++) }));
    expect(endless.asked.length).toBeLessThanOrEqual(51);
  });
  test('hostile entries stay out, the others stay', async () => {
    const hostile = [
      '../x.gguf',
      '/etc/x.gguf',
      'a/../../x.gguf',
      '..\\x.gguf',
      'C:\\x.gguf',
      'C:x.gguf',
      'a\u0000b.gguf',
      'CON.gguf',
      'aux/x.gguf',
      `${'x'.repeat(300)}.gguf`,
      'dir /x.gguf',
      'dir./x.gguf',
      '',
      'a//x.gguf',
    ];
    for (const path of hostile) expect(isSafePath(path), path).toBe(false);
    const broken = [
      null,
      1,
      { type: 'file' },
      { type: 'file', path: 5, size: 1 },
      { type: 'file', path: 'n-Q6_K.gguf', size: -1 },
      { type: 'file', path: 's-Q6_K.gguf', size: '12' },
    ];
    const { detail } = await detailOf([...hostile.map((path) => entry(path)), ...broken, entry('good-Q4_K_M.gguf'), entry('GOOD-q4_k_m.gguf')]);
    expect(detail.quantizations.map(({ id }) => id)).toEqual(['good-Q4_K_M.gguf']);
  });
  test('details that are not: no commit', async () => {
    await expect(detailOf([], { sha: 'main' })).rejects.toEqual(expect.objectContaining({ code: 'hub.badAnswer' }));
  });
  test('odd details are as if absent', async () => {
    const { detail } = await detailOf([entry('a-Q4_K_M.gguf')], { gguf: 'no', cardData: [1], likes: 3 });
    expect(detail).toMatchObject({ likes: 3 });
    expect(detail.parameters).toBeUndefined();
    expect(detail).toMatchObject({ languages: [], commercial: 'unknown', tools: false, thinking: false, system: false, runnable: true });
  });
  test.each([
    [
      'a template that never ends',
      { gguf: { chat_template: '{% for a in range(99999) %}{% for b in range(99999) %}{{ tools }}{% endfor %}{% endfor %}', total: 5 } },
    ],
    ['a template that is a list', { gguf: { chat_template: ['x'], total: 5 } }],
    ['an architecture that is a number', { gguf: { architecture: 3, total: 5, context_length: -1 } }],
    [
      'languages and bases that are none',
      { gguf: { total: 5 }, cardData: { language: ['<b>', '', 'x'.repeat(100)], base_model: ['../..', '<script>', 'a/b/c'] } },
    ],
  ])('%s hurts nothing else', async (_, details) => {
    const { detail } = await detailOf([entry('a-Q4_K_M.gguf')], details);
    expect(detail).toMatchObject({ parameters: 5, languages: [], tools: false, thinking: false, family: 'Model' });
    expect(detail.baseModel).toBeUndefined();
    expect(detail.contextLength).toBeUndefined();
  });
  test('the base model of the card groups where no tag names it', async () => {
    const { detail } = await detailOf([entry('a-Q4_K_M.gguf')], { cardData: { base_model: 'Qwen/Qwen3.5-9B', language: 'en', license: 'mit' } });
    expect(detail).toMatchObject({ baseModel: 'Qwen/Qwen3.5-9B', family: 'Qwen3.5', size: '9B', languages: ['en'], licence: 'mit', commercial: 'yes' });
  });
});

describe('against the stand-in Hub', () => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await startHub({ repositories: builtinRepositories(fixtures) });
  });
  afterAll(() => standIn.close());
  const hub = (token?: string) => createHub({ endpoint: standIn.endpoint, redirectHosts: standIn.redirectHosts, token }, { backOffMs: 1 });

  test('the tiny model', async () => {
    const detail = await readModel(hub(), tinyRepo, never);
    expect(detail.quantizations.map(({ label, files }) => [label, files.length])).toEqual([
      ['F16', 1],
      ['Q8_0', 1],
      ['Q8_0', 3],
      ['Q6_K', 1],
      ['Q4_K_M', 1],
    ]);
    expect(detail.projector?.path).toBe('mmproj-tiny-qwen3.5-vl-F16.gguf');
    expect(detail.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(detail).toMatchObject({ baseModel: 'atelier/Tiny-Qwen3.5-VL', licence: 'apache-2.0', commercial: 'yes', languages: ['en', 'fr'] });
    expect(detail).toMatchObject({ tools: true, thinking: true, system: true, runnable: true, createdAt: '2026-09-01T08:00:00.000Z' });
    expect(detail.lastCommitAt).toBe('2026-09-20T12:00:00.000Z');
  });

  test('a model of an unknown architecture cannot run; what the template does not do, the model does not', async () => {
    const speech = await readModel(hub(), 'atelier/Sample-Speech-GGUF', never);
    expect(speech).toMatchObject({ architecture: 'conformer', runnable: false, commercial: 'no', tools: false, thinking: false, system: false });
    expect(await readModel(hub(), 'unsloth/Qwen3.5-9B-GGUF', never)).toMatchObject({ family: 'Qwen3.5', size: '9B', tools: true, thinking: true });
    expect(await readModel(hub(), 'ggml-org/gpt-oss-20b-GGUF', never)).toMatchObject({ family: 'gpt-oss', size: '20B', tools: true, thinking: false });
    expect(await readModel(hub(), gatedRepo, never)).toMatchObject({ family: 'Llama-3.1', size: '8B', commercial: 'unknown' });
  });

  test('asked again within the minute, and by two at once, it is read once; a failure is not kept', async () => {
    const client = hub();
    standIn.fault({ at: 'hub', kind: 'captivePortal' });
    await expect(readModel(client, tinyRepo, never)).rejects.toEqual(expect.objectContaining({ code: 'hub.badAnswer' }));
    standIn.log.length = 0;
    const stopping = new AbortController();
    const stopped = readModel(client, tinyRepo, stopping.signal);
    const both = Promise.all([readModel(client, tinyRepo, never), readModel(client, tinyRepo, never)]);
    stopping.abort();
    await expect(stopped).rejects.toEqual(expect.objectContaining({ code: 'cancelled' }));
    const [one, two] = await both;
    expect(one).toBe(two);
    expect(await readModel(client, tinyRepo, never)).toBe(one);
    expect(standIn.log).toHaveLength(2);
  });

  test('gated: listed for everybody, with hashes for who has access', async () => {
    expect((await readModel(hub(), gatedRepo, never)).quantizations[0]!.files[0]).not.toHaveProperty('sha256');
    const detail = await readModel(hub(goodToken), gatedRepo, never);
    expect(detail.gated).toBe('manual');
    expect(detail.quantizations[0]!.files[0]!.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a model that does not exist', async () => {
    await expect(readModel(hub(), 'ada/None', never)).rejects.toEqual(expect.objectContaining({ code: 'hub.notFound', data: { repo: 'ada/None' } }));
    standIn.log.length = 0;
    await expect(readModel(hub(), '../..', never)).rejects.toEqual(expect.objectContaining({ code: 'hub.notFound' }));
    expect(standIn.log).toHaveLength(0);
  });
});
