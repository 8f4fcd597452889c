/** Models on some of two software cards: what is loaded where, by both engines, and what is told of a card that is gone. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { splitTotal } from '../../shared/schemas/memory.ts';
import { cardEnvironment } from '../memory/testing/softwareGpu.ts';
import type { LoadOrder } from './order.ts';
import { serverArguments } from './serverArguments.ts';
import { createTestEngine, softwareCards, type TestEngine, tinyOrder } from './testEngine.ts';
import { quant } from './testModel.ts';

const { noGpu, server } = softwareCards();
const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-cards-'));
const card = noGpu ? {} : cardEnvironment(folder, 512, { cards: 2 });

let running: TestEngine | undefined;
/** Processes look for a card that is not there. */
let gone = false;

/** What engines inherit names the cards, as the environment of the app would. */
function create(): TestEngine {
  gone = false;
  for (const [name, value] of Object.entries(card)) if (name.startsWith('GGML')) process.env[name] = value;
  running = createTestEngine((asked) => ({ ...card, ...asked, ...(gone && { GGML_VK_VISIBLE_DEVICES: '0,7' }) }));
  return running;
}

afterAll(() => {
  delete process.env.GGML_VK_VISIBLE_DEVICES;
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => running?.close());

test('shares become the division of the layers, in the order of the cards; where there are none, or nothing to divide, it is llama.cpp that divides', async () => {
  const args = async (changes: Partial<LoadOrder['plan']>) => (await serverArguments({ model: quant.q4, plan: tinyOrder(changes).plan })).join(' ');
  const shares = [
    { id: 1, share: 3 },
    { id: 0, share: 1 },
  ];
  expect(await args({ cards: shares })).toContain('--split-mode layer --tensor-split 1,3 ');
  for (const changes of [{}, { cards: [{ id: 0 }, { id: 1 }] }, { cards: [{ id: 0, share: 2 }] }, { cards: shares, gpuLayers: 0 }])
    expect(await args(changes)).not.toContain('split');
});

describe.skipIf(noGpu)('on two software cards', () => {
  test('both are listed, and a question about one is answered by a process that sees no other', { timeout: 60_000 }, async () => {
    const { engine } = create();
    expect((await engine.cards()).map(({ id, total }) => [id, total])).toEqual([
      [0, 512 * 2 ** 20],
      [1, 512 * 2 ** 20],
    ]);
    const [both, one] = [await engine.hardware(folder), await engine.hardware(folder, [{ id: 1 }])];
    expect([both.gpus.length, one.gpus.length]).toEqual([2, 1]);
    expect([both.vram.total, one.vram.total]).toEqual([2 ** 30, 2 ** 29]);
    const request = { header: quant.q4, plan: tinyOrder().plan };
    const onBoth = await engine.estimate(request);
    const onOne = await engine.estimate({ ...request, plan: { ...request.plan, cards: [{ id: 1 }] } });
    expect(onBoth.beside).toBeDefined();
    expect(onOne.beside).toBeUndefined();
    // Four copies of what the one hands to the other.
    expect(onBoth.gpu.compute).toBeGreaterThan(onOne.gpu.compute);
    expect(onBoth.gpu.weights).toBe(onOne.gpu.weights);
  });

  test('one of them: node-llama-cpp takes what was said of one, and answers', { timeout: 60_000 }, async () => {
    const { engine, started, settled, answer } = create();
    const { plan } = tinyOrder({ cards: [{ id: 0 }] });
    const said = await engine.estimate({ header: quant.q4, plan });
    engine.load(tinyOrder({ cards: [{ id: 0 }] }));
    const state = await settled();
    expect(state).toMatchObject({ status: 'ready', model: { backend: 'node-llama-cpp', layers: { onGpu: 5 }, settings: { cards: [{ id: 0 }] } } });
    expect(started.at(-1)!.asked).toEqual({ ATELIER_GPU: 'vulkan', GGML_VK_VISIBLE_DEVICES: '0' });
    expect(state.status === 'ready' && splitTotal(state.model.memory!.gpu)).toBe(splitTotal(said.gpu));
    expect(await answer()).toBe('Hello! How can I help you today?');
  });

  test.skipIf(!server)('both with shares: llama-server divides as it was told, and answers', { timeout: 120_000 }, async () => {
    const { engine, started, settled, answer } = create();
    const cards = [
      { id: 0, share: 1 },
      { id: 1, share: 4 },
    ];
    engine.load(tinyOrder({ cards }, { engine: 'llama-server' }));
    expect(await settled()).toMatchObject({ status: 'ready', model: { backend: 'llama-server', layers: { onGpu: 5 }, settings: { cards } } });
    const { asked, process } = started.at(-1)!;
    expect(asked).toEqual({ ATELIER_GPU: 'vulkan', GGML_VK_VISIBLE_DEVICES: '0,0' });
    expect(await answer()).toBe('Hello! How can I help you today?');
    await engine.unload();
    const { lastWords } = await process.exited;
    const weights = [0, 1].map((id) => Number(new RegExp(`Vulkan${id} model buffer size = +([\\d.]+) MiB`).exec(lastWords)?.[1]));
    // One layer of five against three and the output.
    expect(weights[0]).toBeGreaterThan(0);
    expect(weights[1]! / weights[0]!).toBeGreaterThan(3);
  });

  test('a card that is not there: the load says so, and nothing is loaded elsewhere', { timeout: 60_000 }, async () => {
    const { engine, started, settled } = create();
    const cards = [{ id: 0 }, { id: 2 }];
    await expect(engine.estimate({ header: quant.q4, plan: tinyOrder({ cards }).plan })).rejects.toMatchObject({
      code: 'engine.noCard',
      data: { card: 2, cards: [0, 1] },
    });
    engine.load(tinyOrder({ cards }));
    expect(await settled()).toMatchObject({ status: 'failed', error: { code: 'engine.noCard', data: { card: 2 } } });
    expect(started.every(({ asked }) => asked?.GGML_VK_VISIBLE_DEVICES !== '0,2')).toBe(true);
  });

  test('one that was there a moment ago is told in the same words', { timeout: 60_000 }, async () => {
    const { engine, settled } = create();
    const cards = [{ id: 0 }, { id: 1 }];
    await engine.cards();
    gone = true;
    await expect(engine.estimate({ header: quant.q4, plan: tinyOrder({ cards }).plan })).rejects.toMatchObject({ code: 'engine.noCard' });
    engine.load(tinyOrder({ cards }));
    expect(await settled()).toMatchObject({ status: 'failed', error: { code: 'engine.noCard' } });
  });
});
