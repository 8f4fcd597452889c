/** The panel of a load: where its settings come from, and what is kept of them. */
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import type { EngineState } from '../../../shared/schemas/engine.ts';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { libraryModel, loadedModel } from '../../testing/samples.ts';

afterEach(cleanup);
const model = libraryModel();

async function panel(modelLoads: Record<string, object> = {}, state: EngineState = { status: 'idle' }) {
  const fake = createFakeCore();
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
  const other = { status: 'ready', modelId: 'x/llama.gguf', answering: false, model: loadedModel('x/llama.gguf') } as const;
  const { dialog, user } = await panel({}, { ...other, others: [{ modelId: model.id, model: loadedModel(model.id), answering: false }] });
  dialog.getByText('It is loaded with these settings.');
  await user.click(dialog.getByRole('switch', { name: 'Vision' }));
  dialog.getByText('It is loaded again with these settings.');
  dialog.getByRole('button', { name: 'Load' });
  await user.click(dialog.getByRole('switch', { name: 'Vision' }));
  await user.click(dialog.getByRole('button', { name: 'Use' }));
  await screen.findByRole('button', { name: /^Loaded model: Qwen3.5 9B/ });
});

test('another model that is loaded stays where there is room', async () => {
  const { dialog } = await panel({}, { status: 'ready', modelId: 'x/llama.gguf', answering: false, model: loadedModel('x/llama.gguf') });
  dialog.getByText('llama.gguf stays loaded if there is room for both.');
});
