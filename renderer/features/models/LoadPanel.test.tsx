/** The panel of a load: where its settings come from, and what is kept of them. */
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import type { Core } from '../../../shared/contract/core.ts';
import type { Handlers } from '../../../shared/rpc/define.ts';
import type { EngineState } from '../../../shared/schemas/engine.ts';
import { defaultLoadSettings, usedCards } from '../../../shared/schemas/memory.ts';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { cards, fakeEstimate, libraryModel, loadedModel } from '../../testing/samples.ts';

afterEach(cleanup);
const model = libraryModel();

async function panel(modelLoads: Record<string, object> = {}, state: EngineState = { status: 'idle' }, overrides: Partial<Handlers<Core>> = {}) {
  const fake = createFakeCore(overrides);
  fake.engine.push(state);
  fake.library.push([model]);
  fake.settings.push({ ...fake.settings.value, modelLoads });
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: /^Load Qwen3.5 9B Q4_K_M with other settings/ }));
  const dialog = within(await screen.findByRole('dialog'));
  const load = async (): Promise<void> => {
    await user.click(dialog.getByRole('button', { name: /^Load/ }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  };
  return { fake, user, dialog, load };
}

test('a setting that was changed is told apart, and kept for the model where that is wanted', async () => {
  const { fake, user, dialog, load } = await panel();
  dialog.getByText(/^From Settings: context, cache type, flash attention, layers on the GPU,? and vision$/);
  await user.click(dialog.getByRole('switch', { name: 'Vision' }));
  dialog.getByText('For this load: vision');
  await user.click(dialog.getByRole('switch', { name: 'Keep for this model' }));
  await load();
  expect(fake.settings.value.modelLoads).toEqual({ [model.id]: { vision: false } });
});

test('what is kept for the model is where the next load begins, until it is no longer wanted', async () => {
  const { fake, user, dialog, load } = await panel({ [model.id]: { vision: false }, other: { contextSize: 512 } });
  dialog.getByText('Kept for this model: vision');
  expect(dialog.getByRole('switch', { name: 'Vision' }).getAttribute('aria-checked')).toBe('false');
  await user.click(dialog.getByRole('switch', { name: 'Keep for this model' }));
  await load();
  expect(fake.settings.value.modelLoads).toEqual({ other: { contextSize: 512 } });
});

test('what is loaded with the chosen settings is used, with others it is loaded again', async () => {
  const other = { status: 'ready', modelId: 'x/llama.gguf', asked: defaultLoadSettings, answering: false, model: loadedModel('x/llama.gguf') } as const;
  const { dialog, user } = await panel(
    {},
    { ...other, others: [{ modelId: model.id, asked: defaultLoadSettings, model: loadedModel(model.id), answering: false }] },
  );
  dialog.getByText('It is loaded with these settings.');
  await user.click(dialog.getByRole('switch', { name: 'Vision' }));
  dialog.getByText('It is loaded again with these settings.');
  dialog.getByRole('button', { name: 'Load' });
  await user.click(dialog.getByRole('switch', { name: 'Vision' }));
  await user.click(dialog.getByRole('button', { name: 'Use' }));
  await screen.findByRole('button', { name: /^Loaded model: Qwen3.5 9B/ });
});

test('settings that it was not loaded with are told apart from those that it was, whoever asked for the load', async () => {
  const asked = { ...defaultLoadSettings, contextSize: 4096 };
  const { dialog } = await panel({}, { status: 'ready', modelId: model.id, asked, answering: false, model: loadedModel(model.id) });
  dialog.getByText('It is loaded again with these settings.');
});

test('a load that asked for more than the model can have is the same as one for what it can', async () => {
  const asked = { ...defaultLoadSettings, contextSize: 16_777_216 };
  const { dialog } = await panel(
    { [model.id]: { contextSize: model.contextLength } },
    { status: 'ready', modelId: model.id, asked, answering: false, model: loadedModel(model.id) },
  );
  dialog.getByText('It is loaded with these settings.');
});

test('another model that is loaded stays where there is room', async () => {
  const { dialog } = await panel(
    {},
    { status: 'ready', modelId: 'x/llama.gguf', asked: defaultLoadSettings, answering: false, model: loadedModel('x/llama.gguf') },
  );
  dialog.getByText('llama.gguf stays loaded if there is room for both.');
});

test('a kept choice of cards is taken back, and is said no more', async () => {
  const { fake, user, dialog, load } = await panel({ [model.id]: { cards: [{ id: 1 }] } }, undefined, { 'hardware.cards': () => cards });
  dialog.getByText('Kept for this model: cards');
  await user.click(dialog.getByRole('button', { name: 'More settings' }));
  await user.click(await dialog.findByRole('checkbox', { name: 'NVIDIA GeForce RTX 3090 #1' }));
  expect(dialog.queryByText(/(model|load): cards$/)).toBeNull();
  await load();
  expect(fake.settings.value.modelLoads).toEqual({});
  expect(fake.calls.find(({ method }) => method === 'engine.load')!.input).toEqual({ id: model.id, settings: fake.settings.value.load });
});

test('of several cards each has its bar, and the one that would overflow says by how much', async () => {
  const gib = 2 ** 30;
  const { dialog, user, load, fake } = await panel({}, undefined, {
    'hardware.cards': () => cards,
    'memory.estimate': ({ source, settings }) => ({
      ...fakeEstimate(source, settings),
      basis: 'about',
      cards: usedCards(cards, settings.cards).map((card) => ({ ...card, needs: 3 * gib })),
    }),
  });
  const bars = within(await dialog.findByRole('list', { name: 'Graphics cards' }));
  const lines = (): (string | null)[] => bars.getAllByRole('listitem').map((each) => each.firstElementChild!.textContent);
  expect(lines()).toEqual(['NVIDIA GeForce RTX 3090 #14.5 / 24.0 GB', 'NVIDIA GeForce RTX 3090 #21.0 GB too much25.0 / 24.0 GB']);
  expect(bars.getByRole('meter', { name: 'NVIDIA GeForce RTX 3090 #1' }).getAttribute('aria-valuetext')).toBe(
    'NVIDIA GeForce RTX 3090 #1: 4.5 GB of 24.0 GB; Already in use 1.5 GB; This model 3.0 GB',
  );
  dialog.getByText(/About: what lies on which card is our own count\. Each takes this at most\.$/);
  await user.click(dialog.getByRole('button', { name: 'More settings' }));
  await user.click(dialog.getByRole('checkbox', { name: 'NVIDIA GeForce RTX 3090 #2' }));
  await waitFor(() => expect(lines()).toEqual([expect.stringMatching(/^NVIDIA GeForce RTX 3090 #14\.5 \/ 24\.0 GB$/)]));
  expect(dialog.queryByText(/our own count/)).toBeNull();
  dialog.getByText('For this load: cards');
  await user.click(dialog.getByRole('switch', { name: 'Keep for this model' }));
  await load();
  expect(fake.settings.value.modelLoads).toEqual({ [model.id]: { cards: [{ id: 0 }] } });
});
