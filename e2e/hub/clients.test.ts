/** The official clients work against the stand-in as they are, so it is not shaped to our own. */
import { fileURLToPath } from 'node:url';
import { gguf, ggufAllShards } from '@huggingface/gguf';
import { downloadFile, fileDownloadInfo, listFiles, listModels, modelInfo, pathsInfo } from '@huggingface/hub';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtinRepositories, gatedRepo, tinyRepo } from './builtin.ts';
import { goodToken } from './exchange.ts';
import { type Hub, startHub } from './start.ts';

const nine = 'unsloth/Qwen3.5-9B-GGUF';
const path = 'tiny-qwen3.5-vl-Q4_K_M.gguf';
let hub: Hub;
let hubUrl: string;

beforeAll(async () => {
  hub = await startHub({ repositories: builtinRepositories(fileURLToPath(new URL('../fixtures', import.meta.url))), treePage: 5 });
  hubUrl = hub.endpoint;
});
afterAll(() => hub.close());

const all = async <T>(source: AsyncIterable<T>) => {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
};
const url = (repo: string, file: string) => `${hubUrl}/${repo}/resolve/main/${file}`;

describe('@huggingface/hub', () => {
  test('listModels', async () => {
    const models = await all(listModels({ search: { query: 'qwen3.5', tags: ['gguf'] }, sort: 'downloads', additionalFields: ['tags', 'author'], hubUrl }));
    expect(models.map(({ name }) => name).slice(0, 2)).toEqual([nine, 'unsloth/Qwen3.5-35B-A3B-GGUF']);
    expect(models[0]).toMatchObject({ private: false, gated: false, downloads: 1_580_056, author: 'unsloth', updatedAt: new Date('2026-03-12T10:00:00Z') });
    expect(await all(listModels({ search: { owner: 'atelier' }, hubUrl }))).toHaveLength(2);
  });

  test('modelInfo and pathsInfo', async () => {
    expect(await modelInfo({ name: nine, additionalFields: ['sha', 'tags'], hubUrl })).toMatchObject({
      name: nine,
      sha: hub.repository(nine).snapshots[0]?.commit,
    });
    const [file] = await pathsInfo({ repo: nine, paths: ['Qwen3.5-9B-Q8_0.gguf', 'missing'], hubUrl });
    expect(file).toMatchObject({ type: 'file', size: 9_525_620_480, lfs: { size: 9_525_620_480 } });
  });

  test('listFiles, over pages', async () => {
    const files = await all(listFiles({ repo: tinyRepo, recursive: true, hubUrl }));
    expect(files).toHaveLength(12);
    expect(hub.log.filter(({ url: asked }) => asked.includes('/tree/'))).toHaveLength(3);
    expect(files.find((file) => file.path === path)).toMatchObject({ size: 2_597_056, lfs: { oid: expect.stringMatching(/^73f1253f/) } });
  });

  test('fileDownloadInfo, of a model and of a small file', async () => {
    const info = await fileDownloadInfo({ repo: nine, path: 'Qwen3.5-9B-Q8_0.gguf', hubUrl });
    expect(info).toMatchObject({
      size: 9_525_620_480,
      etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
      xet: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const card = await fileDownloadInfo({ repo: tinyRepo, path: 'config.json', hubUrl });
    expect(card).toMatchObject({ etag: expect.stringMatching(/^"[0-9a-f]{40}"$/) });
    expect(card?.xet).toBeUndefined();
    expect(await fileDownloadInfo({ repo: nine, path: 'nothing.gguf', hubUrl })).toBe(null);
  });

  test('downloadFile, small and big, over Xet and over HTTP, and a slice of nine gigabytes', async () => {
    const config = await downloadFile({ repo: tinyRepo, path: 'config.json', hubUrl });
    expect(JSON.parse(await config!.text())).toMatchObject({ model_type: 'qwen3_5' });
    for (const file of [path, 'tiny-qwen3.5-vl-F16.gguf']) {
      const { content } = hub.repository(tinyRepo).snapshots[0]!.files.get(file)!;
      for (const xet of [true, false]) {
        const model = await downloadFile({ repo: tinyRepo, path: file, hubUrl, xet });
        expect(Buffer.from(await model!.arrayBuffer()).equals(await content.read(0, content.size))).toBe(true);
        const part = await model!.slice(1_000_000, 1_000_100).arrayBuffer();
        expect(Buffer.from(part).equals(await content.read(1_000_000, 100))).toBe(true);
      }
    }
    expect(hub.log.some(({ at, url: asked }) => at === 'cdn' && asked.startsWith('/xorbs/'))).toBe(true);
    const big = await downloadFile({ repo: nine, path: 'Qwen3.5-9B-Q8_0.gguf', hubUrl });
    expect(big?.size).toBe(9_525_620_480);
    expect(Buffer.from(await big!.slice(9_000_000_000, 9_000_000_004).arrayBuffer())).toEqual(Buffer.alloc(4));
  });

  test('a gated file with and without a token', async () => {
    const gated = { repo: gatedRepo, path: 'Llama-3.1-8B-Instruct-Q4_K_M.gguf', hubUrl };
    await expect(fileDownloadInfo(gated)).rejects.toMatchObject({ statusCode: 401 });
    expect((await fileDownloadInfo({ ...gated, accessToken: goodToken }))?.size).toBe(4_920_122_400);
    await expect(all(listFiles({ repo: 'no/body', hubUrl }))).rejects.toMatchObject({ statusCode: 401 });
  });
});

describe('@huggingface/gguf', () => {
  test('reads the header of every model, and counts parameters as we do', async () => {
    for (const { id, snapshots } of [hub.repository(tinyRepo), hub.repository('ggml-org/gpt-oss-20b-GGUF'), hub.repository('unsloth/Qwen3.5-35B-A3B-GGUF')]) {
      const files = [...snapshots[0]!.files.keys()].filter((name) => /^(?!mmproj).*\.gguf$/.test(name) && !name.includes('/'));
      for (const file of files) {
        const { metadata, parameterCount } = await gguf(url(id, file), { computeParametersCount: true });
        expect(parameterCount).toBe(snapshots[0]?.gguf?.total);
        const architecture = String(metadata['general.architecture']);
        expect(architecture).toBe(snapshots[0]?.gguf?.architecture);
        expect((metadata as Record<string, unknown>)[`${architecture}.context_length`]).toBe(snapshots[0]?.gguf?.context_length);
      }
    }
  });

  test('joins the shards of the split', async () => {
    const { shards, parameterCount } = await ggufAllShards(url(tinyRepo, 'Q8_0/tiny-qwen3.5-vl-Q8_0-00001-of-00003.gguf'));
    expect(shards).toHaveLength(3);
    expect(parameterCount).toBe(hub.repository(tinyRepo).snapshots[0]?.gguf?.total);
  });
});
