/** What llama.cpp is told of positions, and that both engines take it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { askMemory } from '../memory/ask.ts';
import { header } from '../memory/testing/allocations.ts';
import { llama, llamaLog } from './llama.ts';
import { openModel } from './openModel.ts';
import { asArguments, asMetadata, overrides } from './positions.ts';
import { serverArguments } from './serverArguments.ts';
import { startServer } from './serverProcess.ts';
import { answer, engines, never, open, serverFolder } from './testBackends.ts';
import { ask, plan, quant, say } from './testModel.ts';

const qwen = header('qwen3.5-9b-Q4_K_M');
/** The tiny model was made for half of it. */
const twice = plan({ vision: false, contextSize: 65_536, ropeScaling: 'yarn', ropeFreqBase: 20_000 });

test('a context beyond the model’s own, in the words of both engines', () => {
  const replaced = overrides(qwen, { contextSize: 524_288, ropeScaling: 'yarn', ropeFreqBase: 1e7 });
  expect(asArguments(replaced)).toEqual([
    '--override-kv',
    'qwen35.rope.freq_base=float:10000000,qwen35.context_length=int:524288,qwen35.rope.scaling.type=str:yarn,qwen35.rope.scaling.factor=float:2,qwen35.rope.scaling.original_context_length=int:262144',
  ]);
  const nested = asMetadata(replaced) as { qwen35: { context_length: number; rope: { freq_base: number; scaling: { type: string; factor: number } } } };
  expect(nested.qwen35).toMatchObject({ context_length: 524_288, rope: { scaling: { type: 'yarn', original_context_length: 262_144 } } });
  for (const [fraction, said] of [[nested.qwen35.rope.scaling.factor, 2] as const, [nested.qwen35.rope.freq_base, 1e7] as const]) {
    expect(Number.isInteger(fraction)).toBe(false);
    expect(Math.fround(fraction)).toBe(said);
  }
});

test('nothing is stretched that need not be, or cannot', () => {
  expect(overrides(qwen, { contextSize: 262_144, ropeScaling: 'yarn' })).toEqual([]);
  expect(overrides(qwen, { contextSize: 524_288, ropeScaling: 'none' })).toEqual([]);
  expect(overrides(header('llama-3.1-8b-Q4_K_M'), { contextSize: 524_288, ropeScaling: 'yarn' })).toEqual([]);
  expect(asArguments([])).toEqual([]);
});

/** What the loaded context computes with, by llama.cpp's log. */
const inForce = (lines: string[]): (string | undefined)[] =>
  [
    /n_ctx_train\s*= (\d+)/,
    /rope scaling\s*= (\w+)/,
    /n_ctx_orig_yarn\s*= (\d+)/,
    /llama_context: freq_base\s*= ([\d.]+)/,
    /llama_context: freq_scale\s*= ([\d.]+)/,
  ].map((value) => lines.map((line) => value.exec(line)?.[1]).find(Boolean));
const told = ['65536', 'yarn', '32768', '20000.0', '0.5'];

test('node-llama-cpp computes with it', async () => {
  const { context, model } = await openModel({ model: quant.q4, plan: twice }, () => {}, never);
  expect(inForce(llamaLog.lines())).toEqual(told);
  await context.dispose();
  await model.dispose();
});

test.skipIf(!serverFolder)('llama-server computes with it, and caps nothing', async () => {
  const server = await startServer(serverFolder!, await serverArguments({ model: quant.q4, plan: twice }), () => {});
  await server.ready(() => {}, never);
  await server.kill();
  expect(inForce(server.log.lines())).toEqual(told);
  expect(server.log.lines().join('\n')).not.toMatch(/capping/);
});

describe.for(engines)('$name', (engine) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-short-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The tiny model, made for 1,024 tokens by its own word. */
  function short(): string {
    const bytes = readFileSync(quant.q4);
    const key = 'qwen35.context_length';
    // The key is followed by the type of its value.
    const value = bytes.indexOf(key) + key.length + 4;
    expect(bytes.readUInt32LE(value)).toBe(32_768);
    bytes.writeUInt32LE(1024, value);
    writeFileSync(path.join(folder, 'short.gguf'), bytes);
    return path.join(folder, 'short.gguf');
  }

  test.each(['yarn', 'linear'] as const)('reads and answers beyond what the model was made for: %s', async (ropeScaling) => {
    const server = engine.name === 'llama-server' && serverFolder ? { serverFolder } : {};
    const { backend, loaded } = await open({ ...engine, vision: false }, short(), { vision: false, ropeScaling }, server);
    const { stats } = await answer(backend, ask([say('user', 'one two three four five six seven '.repeat(200))], { maxTokens: 8 }));
    await backend.dispose();
    expect(loaded.contextSize).toBe(4096);
    expect(stats.promptTokens).toBeGreaterThan(1024);
    expect(stats.tokens).toBeGreaterThan(0);
    expect(stats.stopReason).not.toBe('context');
  });
});

test('what it takes is estimated to the byte', async () => {
  const estimate = await askMemory(await llama(), { header: quant.q4, plan: twice });
  const engine = engines.find(({ name }) => name === 'node-llama-cpp')!;
  const { backend, loaded } = await open(engine, quant.q4, twice);
  await backend.dispose();
  const buffers = ({ weights, kvCache, state, compute }: typeof estimate.ram): number => weights + kvCache + state + compute;
  expect(buffers(loaded.memory!.ram)).toBe(buffers(estimate.ram));
});
