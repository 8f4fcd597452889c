/** What happens around an answer: a slot is taken for it and given back, whatever comes of it. */
import { expect, test } from 'vitest';
import type { GenerateRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import { createAnswering } from './answering.ts';
import { statsOf } from './scriptedEngine.ts';

const request: GenerateRequest = { turnId: 't', messages: [], thinking: false, temperature: 0 };
const of = { chatId: 'c', modelId: 'm' };
const model = { slots: 3, vision: false, settings: { contextSize: 512 } } as LoadedModel;

function create(failure?: Fault, loaded = model) {
  const heard: unknown[] = [];
  const fetched = Promise.withResolvers<void>();
  const answering = createAnswering({
    engine: {
      loaded: () => [{ modelId: 'm', model: loaded, files: '', settings: model.settings, answering: false, usedAt: 0 }],
      async generate(modelId, { slot }, on) {
        heard.push({ modelId, slot });
        if (failure) throw failure;
        on({ type: 'end', stats: statsOf('end') });
      },
      ledger: () => Promise.reject(new Error('Nobody asks')),
      stop: async () => {},
    },
    loads: { next: () => 'm', ready: async () => {} },
    speed: { record: (...what) => void heard.push(what) },
    held: {
      async take(modelId, chatId) {
        heard.push(`take ${modelId} ${chatId}`);
        await fetched.promise;
        return { slot: 2, follow: () => () => {}, release: () => void heard.push('release') };
      },
      known: () => 0,
    },
  });
  return { answering, heard, fetched };
}

test('an answer runs in the slot of its chat, and its speed is kept', async () => {
  const { answering, heard, fetched } = create();
  fetched.resolve();
  await answering.generate(of, request, () => {}, new AbortController().signal);
  expect(heard).toEqual(['take m c', { modelId: 'm', slot: 2 }, ['m', model.settings, 20], 'release']);
  expect([answering.slots('m'), answering.slots('another')]).toEqual([3, 1]);
});

test('a stop while the slot is made ready ends it before the first word', async () => {
  const { answering, heard, fetched } = create();
  const stop = new AbortController();
  const answer = answering.generate(of, request, () => {}, stop.signal);
  stop.abort();
  fetched.resolve();
  await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
  expect(heard).toEqual(['take m c', 'release']);
});

test('pictures are not shown to a model that cannot see: nobody is told that it has read them', async () => {
  const seen: GenerateRequest = { ...request, messages: [{ role: 'user', content: [{ type: 'image', path: '/a.png' }] }] };
  const { answering, heard, fetched } = create();
  fetched.resolve();
  await expect(answering.generate(of, seen, () => {}, new AbortController().signal)).rejects.toMatchObject({ code: 'engine.noVision' });
  await expect(answering.ledger('c', seen)).rejects.toMatchObject({ code: 'engine.noVision' });
  expect(heard).toEqual([]);
  const seeing = create(undefined, { ...model, vision: true });
  seeing.fetched.resolve();
  await seeing.answering.generate(of, seen, () => {}, new AbortController().signal);
  expect(seeing.heard).toContainEqual({ modelId: 'm', slot: 2 });
});

test('a slot is free again after a crash', async () => {
  const { answering, heard, fetched } = create(new Fault('engine.crashed', 'gone'));
  fetched.resolve();
  await expect(answering.generate(of, request, () => {}, new AbortController().signal)).rejects.toMatchObject({ code: 'engine.crashed' });
  expect(heard.at(-1)).toBe('release');
});
