/** For looking at the page without a core: `npx vite -c renderer/vite.config.ts`, then `/testing/look.html?scene=full#/discover`; `&several`: three models are loaded; `&cards`: two graphics cards. */
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { defaultLoadSettings, type MemorySplit, splitTotal } from '../../shared/schemas/memory.ts';
import { App } from '../app/App.tsx';
import { createI18n, pickLanguage } from '../i18n.ts';
import type { ConnectionState } from '../rpc/connection.ts';
import { createStores, StoresContext } from '../stores/index.ts';
import { createFakeCore } from './fakeCore.ts';
import { elsewhere, libraryDuplicates, libraryPlaces, libraryTasks, removedModels } from './librarySamples.ts';
import { cards, downloadJob, fakeEstimate, hardware, libraryModel, loadedModel, searchModels } from './samples.ts';
import '../theme.css';

const gib = 2 ** 30;
const query = new URLSearchParams(location.search);
const scene = query.get('scene');
const several = query.has('several');
const twoCards: Partial<Handlers<Core>> = {
  'hardware.get': () => ({ ...hardware, gpus: cards.map(({ name }) => name), vram: { total: 48 * gib, free: 24.5 * gib, unified: false } }),
  'hardware.cards': () => cards,
  'memory.estimate'({ source, settings }) {
    const estimate = fakeEstimate(source, settings);
    const used = settings.cards ?? cards;
    const needs = (id: number): number => (used.some((each) => each.id === id) ? splitTotal(estimate.gpu) / used.length : 0);
    if (used.length === 1) return estimate;
    return { ...estimate, cards: cards.map((card) => ({ ...card, needs: needs(card.id) })) };
  },
};
const fake = createFakeCore(
  scene === 'offline'
    ? {
        async *'hub.search'() {
          const cachedAt = new Date(Date.now() - 3 * 3_600_000).toISOString();
          yield { models: searchModels, cachedAt };
          yield { models: searchModels, cachedAt, problem: { code: 'hub.unreachable', message: '', data: { endpoint: 'https://huggingface.co' } } };
        },
      }
    : query.has('cards')
      ? twoCards
      : {},
);
fake.settings.push({
  ...fake.settings.value,
  theme: (query.get('theme') ?? 'system') as 'system' | 'light' | 'dark',
  language: (query.get('language') ?? 'system') as 'system' | 'en' | 'fr',
});
if (scene === 'full' || scene === 'loading') {
  const small = libraryModel({
    id: 'tiny/Tiny-Qwen3.5-VL-GGUF/Tiny-Qwen3.5-VL-Q4_K_M.gguf',
    repo: 'tiny/Tiny-Qwen3.5-VL-GGUF',
    name: 'Tiny Qwen3.5 VL',
    size: 8_340_000,
  });
  const broken = libraryModel({ id: 'x/y/z.gguf', name: 'Broken 7B', label: 'Q8_0', problem: 'truncated', vision: false });
  fake.library.push([libraryModel(), small, broken, ...elsewhere]);
  fake.bin.push(removedModels);
  fake.places.push(libraryPlaces);
  fake.libraryTasks.push(libraryTasks);
  fake.duplicates.push(libraryDuplicates);
  fake.downloads.push([
    downloadJob(),
    downloadJob({ id: 'd2', state: 'paused', label: 'Q8_0', rate: 0, secondsLeft: null }),
    downloadJob({
      id: 'd3',
      repo: 'unsloth/Qwen3.5-9B-GGUF',
      quantization: 'Qwen3.5-9B-Q6_K.gguf',
      state: 'verifying',
      received: 4_200_000_000,
      verified: 900_000_000,
    }),
    downloadJob({ id: 'd4', label: 'BF16', state: 'failed', error: { code: 'download.diskFull', message: '', data: { missing: 3_400_000_000 } } }),
    downloadJob({ id: 'd5', label: 'Q5_K_M', state: 'done' }),
    downloadJob({ id: 'd6', label: 'IQ4_XS', reconnecting: 2, rate: 0, secondsLeft: null }),
    downloadJob({ id: 'd7', label: 'Q3_K_M', state: 'queued', rate: 0, waiting: { for: 'schedule', until: new Date(2026, 10, 22, 23).toISOString() } }),
    downloadJob({ id: 'd8', label: 'Q2_K', state: 'queued', rate: 0, waiting: { for: 'hub', endpoint: 'https://hf-mirror.com' } }),
    downloadJob({ id: 'd9', label: 'Q4_0', state: 'failed', error: { code: 'download.changed', message: '', data: { file: 'Qwen3.5-4B-Q4_0.gguf' } } }),
  ]);
  const model = loadedModel(libraryModel().id);
  const { gpu, ram } = model.memory!;
  const tenth = (split: MemorySplit) => ({ ...split, weights: split.weights / 10, kvCache: split.kvCache / 4, projector: 0 });
  const beside = { ...model, memory: { gpu: tenth(gpu), ram: tenth(ram) } };
  const others = several
    ? [
        { modelId: small.id, asked: defaultLoadSettings, model: beside, answering: true },
        { modelId: elsewhere[1]!.id, asked: defaultLoadSettings, model: beside, answering: false },
      ]
    : [];
  const ejected = several ? [{ modelId: elsewhere[0]!.id, freed: { ram: 2 ** 29, gpu: 4.2 * 2 ** 30 }, forRoom: true }] : [];
  fake.engine.push(
    scene === 'loading'
      ? { status: 'loading', modelId: libraryModel().id, asked: defaultLoadSettings, stage: 'loading', progress: 0.6, others, ejected }
      : {
          status: 'ready',
          modelId: libraryModel().id,
          asked: defaultLoadSettings,
          answering: false,
          model,
          predicted: { gpu: { ...gpu, compute: gpu.compute * 0.96 }, ram },
          others,
          ejected,
        },
  );
}
const state = createStore<ConnectionState>(() => ({ status: scene === 'offline' ? 'lost' : 'open' }));

createRoot(document.getElementById('root')!).render(
  <I18nextProvider i18n={createI18n(pickLanguage('system'))}>
    <StoresContext value={createStores(fake.client)}>
      <App connection={{ client: fake.client, state, retry: () => {} }} />
    </StoresContext>
  </I18nextProvider>,
);
