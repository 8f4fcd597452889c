/** The command line as a person or a program runs it: a child process, the stand-in hub, real headers. */
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { gatedRepo, tinyRepo } from '../../e2e/hub/builtin.ts';
import { type CommandLine, fixtures, openCommandLine } from './testing.ts';

const tiny = (name: string): string => join(fixtures, 'tiny-qwen3.5-vl', name);
const nine = 'unsloth/Qwen3.5-9B-GGUF';

let folder: string;
let atelier: CommandLine['atelier'];
let json: CommandLine['json'];
let close: CommandLine['close'];
beforeAll(async () => {
  ({ folder, atelier, json, close } = await openCommandLine());
});
afterAll(() => close());

const bytes = z.int().check(z.minimum(0));
const side = z.strictObject({ total: bytes, weights: bytes, kv: bytes, state: bytes, compute: bytes, projector: bytes });
const tokens = z.nullable(z.int().check(z.positive()));
const estimateJson = z.strictObject({
  model: z.string(),
  engine: z.enum(['node-llama-cpp', 'llama-server']),
  method: z.enum(['simulated', 'formula']),
  context: z.int(),
  kv: z.enum(['f16', 'q8_0', 'q4_0']),
  gpuLayers: z.int(),
  expertsInRam: z.optional(z.int().check(z.positive())),
  vram: side,
  ram: side,
  free: z.strictObject({ vram: z.nullable(bytes), ram: bytes }),
  verdict: z.enum(['fits', 'tight', 'partial', 'ram', 'no']),
  maxContext: z.strictObject({ f16: tokens, q8_0: tokens, q4_0: z.optional(tokens) }),
});
const estimate = async (...args: string[]) => estimateJson.parse(await json(['estimate', ...args]));

describe('estimate', () => {
  test('a quantization on the hub, to the byte as llama.cpp plans it', async () => {
    const at8k = await estimate(`${nine}:q4_k_m`, '--context', '8k');
    expect(at8k).toMatchObject({
      model: `${nine}:Q4_K_M`,
      engine: 'node-llama-cpp',
      method: 'simulated',
      context: 8192,
      kv: 'f16',
      gpuLayers: 0,
    });
    const { total, ...parts } = at8k.ram;
    expect(Object.values(parts).reduce((sum, part) => sum + part)).toBe(total);
    // 8 attention layers, 4 KV heads of 256 elements, keys and values of two bytes.
    expect(at8k.ram.kv).toBe(8192 * 8 * 2 * 4 * 256 * 2);
    const quantized = await estimate(`${nine}:Q4_K_M`, '--context', '8192', '--kv', 'q8_0');
    expect(quantized.ram.kv).toBe((at8k.ram.kv * 34) / 64);
  });

  test('the verdict, and contexts that fit, on the grid of 256', async () => {
    // The largest need not be more than the model was made for, and a gigabyte is free on any machine.
    const { verdict, maxContext } = await estimate('unsloth/Qwen3.5-0.8B-GGUF:Q4_K_M', '--context', '2k');
    expect(verdict).toBe('ram');
    for (const tokens of Object.values(maxContext)) {
      expect(tokens).toBeGreaterThanOrEqual(2048);
      expect(tokens).toBeLessThanOrEqual(262_144);
      expect(tokens! % 256).toBe(0);
    }
  });

  test('without a quantization the best one for this machine, with the reason', async () => {
    const { code, stdout } = await atelier(['estimate', nine, '--context', '8k']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^unsloth\/Qwen3\.5-9B-GGUF:\w+ · [\d.]+ GB · [\w -]+/);
    expect(stdout).toMatch(/ (?:is good and not too slow in RAM|is the smallest) /);
    expect((await estimate(nine, '--context', '8k')).model).toMatch(/^unsloth\/Qwen3\.5-9B-GGUF:\w+$/);
  });

  test('the projector is counted with vision, and left out without', async () => {
    const seeing = await estimate(`${tinyRepo}:Q4_K_M`);
    expect(seeing).toMatchObject({ engine: 'llama-server', context: 16384 });
    expect(seeing.ram.projector).toBeGreaterThan(0);
    expect(await estimate(`${tinyRepo}:Q4_K_M`, '--vision', 'off')).toMatchObject({ engine: 'node-llama-cpp', ram: { projector: 0 } });
  });

  test('a local header followed by a hole is the same model as on the hub', async () => {
    const index: { file: string; fileSize: number }[] = JSON.parse(readFileSync(join(fixtures, 'headers/index.json'), 'utf8'));
    const name = 'qwen3.5-9b-Q6_K.gguf';
    const file = join(folder, name);
    copyFileSync(join(fixtures, 'headers', name), file);
    truncateSync(file, index.find((row) => row.file === name)!.fileSize);
    const local = await estimate(`./${name}`);
    const remote = await estimate(`${nine}:Q6_K`);
    // Free memory moves meanwhile, and what follows from it.
    const { free, verdict, maxContext, ...rest } = remote;
    expect(local).toMatchObject({ ...rest, model: `./${name}` });
  });

  test('any shard of a split model, with the projector beside it', async () => {
    const second = await estimate(tiny('tiny-qwen3.5-vl-Q8_0-00002-of-00003.gguf'));
    const whole = await estimate(tiny('tiny-qwen3.5-vl-Q8_0.gguf'));
    expect(second.ram).toEqual(whole.ram);
    expect(second.engine).toBe('llama-server');
  });
});

describe('search and show', () => {
  test('search: a table for people, rows for programs', async () => {
    const { code, stdout } = await atelier(['search', 'qwen3.5', '9b']);
    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^MODEL +DOWNLOADS +LIKES/);
    expect(rows.some((row) => row.startsWith(`${nine} `) && row.includes('apache-2.0'))).toBe(true);
    const found = z.array(
      z.strictObject({
        ...{ id: z.string(), downloads: z.int(), likes: z.int(), updatedAt: z.nullable(z.string()), licence: z.nullable(z.string()) },
        ...{ gated: z.enum(['no', 'auto', 'manual']), vision: z.boolean() },
      }),
    );
    expect(found.parse(await json(['search', 'qwen3.5 9b'])).map(({ id }) => id)).toContain(nine);
    expect((await atelier(['search', 'nothing has this name'])).stdout).toBe('Nothing found.\n');
  });

  test('show: every quantization with size, bits and quality', async () => {
    const { code, stdout } = await atelier(['show', `https://huggingface.co/${nine}`]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Q6_K +7\.4 GB +6\.57 +near-lossless +0\.005452$/m);
    expect(await json(['show', nine])).toMatchObject({
      ...{ id: nine, architecture: 'qwen35', licence: 'apache-2.0', projector: null },
      quantizations: expect.arrayContaining([
        expect.objectContaining({ label: 'Q6_K', quality: 'nearLossless', kld: 0.005452, badges: [], unsupported: null }),
      ]),
    });
  });
});

describe('faults: exit code 1, a sentence on stderr, nothing on stdout', () => {
  const fault = async (args: string[], sentence: RegExp, env: Record<string, string> = {}): Promise<void> => {
    const { code, stdout, stderr } = await atelier(args, env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  };

  test('a repository that is not there', () => fault(['show', 'nobody/nothing'], /^atelier: nobody\/nothing is not on the hub\./));
  test('a gated repository', () => fault(['estimate', `${gatedRepo}:Q4_K_M`], /ask you to accept their terms/));
  test('offline', () => fault(['search', 'qwen'], /^atelier: .*offline/, { HF_HUB_OFFLINE: '1' }));
  test('a hub that cannot be reached', () => fault(['search', 'qwen'], /127\.0\.0\.1:9 cannot be reached/, { HF_ENDPOINT: 'http://127.0.0.1:9' }));
  test('a file that is not there', () => fault(['estimate', './none.gguf'], /^atelier: There is no file \.\/none\.gguf\.$/m));
  test('for programs a line of JSON, after what else is worth knowing', async () => {
    writeFileSync(join(folder, 'models.json'), 'broken');
    const { code, stdout, stderr } = await atelier(['show', 'nobody/nothing', '--json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(
      stderr
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each)),
    ).toEqual([
      { warning: { message: expect.stringMatching(/^Where the models folder was moved to could not be read/) } },
      { error: { code: 'hub.notFound', message: expect.stringMatching(/^nobody\/nothing is not on the hub\./), details: { repo: 'nobody/nothing' } } },
    ]);
  });
  test('a file that is no GGUF', async () => {
    writeFileSync(join(folder, 'page.gguf'), '<!doctype html>');
    await fault(['estimate', 'page.gguf'], /^atelier: page\.gguf is not a GGUF model\./);
  });
  test('a file that is cut off', async () => {
    copyFileSync(tiny('tiny-qwen3.5-vl-Q4_K_M.gguf'), join(folder, 'cut.gguf'));
    truncateSync(join(folder, 'cut.gguf'), 1_000_000);
    await fault(['estimate', 'cut.gguf'], /^atelier: cut\.gguf is cut off\./);
  });
  test('a split model of which a part is missing', async () => {
    const first = 'tiny-qwen3.5-vl-Q8_0-00001-of-00003.gguf';
    copyFileSync(tiny(first), join(folder, first));
    await fault(['estimate', first], /^atelier: Other parts of .* are missing\. /);
  });
});

describe('wrong commands: exit code 2', () => {
  test.each([
    [[], /Say what to do/],
    [['fly'], /no command "fly"/],
    [['pull', './file.gguf'], /not a repository/],
    [['ls', 'all'], /"ls" takes nothing/],
    [['rm'], /exactly one model/],
    [['import', 'a.gguf', '--mode', 'move'], /--mode is reference, link or copy/],
    [['show'], /exactly one repository/],
    [['show', 'not-a-repository'], /neither a file nor a repository/],
    [['estimate', nine, '--context', 'much'], /--context is a number/],
    [['estimate', nine, '--kv', 'q5_0'], /--kv is f16, q8_0 or q4_0/],
    [['estimate', nine, '--gpu-layers', '-1'], /gpu-layers/],
    [['estimate', nine, '--image-tokens', '10'], /--image-tokens is a number from 64 to 4096/],
    [['estimate', nine, '--fly'], /--fly/],
    [['estimate', `${nine}:Q9_Z`], /has no quantization "Q9_Z"\. It has: Q8_0, Q6_K/],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await atelier(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).toContain('Try "atelier help".');
  });

  test('for programs', async () => {
    for (const args of [['fly'], ['rm'], ['show', 'not-a-repository']]) {
      const { code, stdout, stderr } = await atelier([...args, '--json']);
      expect({ code, stdout, error: JSON.parse(stderr) }).toEqual({
        ...{ code: 2, stdout: '' },
        error: { error: { code: 'usage', message: expect.stringMatching(/^[^\n]+\.?$/), details: null } },
      });
    }
  });

  test('help is no mistake', async () => {
    const { code, stdout } = await atelier(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('atelier estimate <repo[:quant] | file>');
  });
});
