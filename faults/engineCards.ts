/** Graphics cards that are too small, have room for one of two models, or are lost. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cardEnvironment } from '../main/memory/testing/softwareGpu.ts';
import type { App } from './app.ts';
import { broken, loaded, nextMessage, withApp } from './scenario.ts';

async function onCard(home: string, mebibytes: number, more: Record<string, string>, act: (app: App) => Promise<string>, counted = false): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-card-'));
  try {
    return await withApp(home, act, { ...cardEnvironment(folder, mebibytes, { counted }), ...more });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The load goes down by steps, and what worked is remembered. */
export const smallCard = (home: string): Promise<string> =>
  onCard(home, 6, {}, async (app) => {
    const state = await loaded(app, 'text', { contextSize: 16384, gpuLayers: 5 });
    if (!state.steps) throw new Error('it fitted as asked');
    await nextMessage(app);
    await app.unload();
    const again = await loaded(app, 'text', { contextSize: 16384, gpuLayers: 5 });
    if (!again.remembered) throw new Error('the plan that worked was not remembered');
    return `${state.steps.map(({ change, from, to }) => `${change} ${from}→${to}`).join(', ')}; remembered`;
  });

/** The card tells what is free: a small context stays beside the other model, a large one needs its room. */
export const crowdedCard = (home: string): Promise<string> =>
  onCard(
    home,
    300,
    {},
    async (app) => {
      await loaded(app, 'text', { contextSize: 32768 });
      const small = await loaded(app, 'vision', { contextSize: 512 });
      if (small.others?.length !== 1) throw new Error(`there was room for both: ${JSON.stringify(small.ejected)}`);
      await nextMessage(app);
      const large = await loaded(app, 'vision', { contextSize: 32768 });
      const [gone] = large.ejected ?? [];
      if (large.others || !gone?.forRoom || !gone.freed?.gpu) throw new Error(`nobody made room: ${JSON.stringify(large.ejected)}`);
      if (large.model.layers.onGpu < large.model.layers.total) throw new Error(`it got ${large.model.layers.onGpu} layers of the card only`);
      await nextMessage(app);
      return `${(gone.freed.gpu / 2 ** 20).toFixed(1)} MiB of the card came back`;
    },
    true,
  );

/** Lost while the weights go up, and, on a card that lasts longer, in the middle of an answer. */
export const lostCard = async (home: string): Promise<string> => {
  const loading = await onCard(home, 8192, { SOFTWARE_GPU_LOST: '40' }, async (app) => {
    const { steps } = await loaded(app, 'text', { gpuLayers: 5 });
    if (steps?.[0]?.why !== 'device') throw new Error(`it was loaded by ${JSON.stringify(steps)}`);
    await nextMessage(app);
    return steps.map(({ change, from, to }) => `${change} ${from}→${to}`).join(', ');
  });
  const answering = await onCard(home, 8192, { SOFTWARE_GPU_LOST: '300' }, async (app) => {
    // Other settings than before, whose plan is remembered.
    await loaded(app, 'text', { gpuLayers: 5, contextSize: 8192 });
    const { turnId } = await app.send('Count from 1 to 100.');
    const seen = await broken(app, turnId, await app.speaking(turnId));
    await nextMessage(app);
    return seen;
  });
  return `loading: ${loading}; answering: ${answering}`;
};
