/** What may guess tokens ahead for a model, as the panel of its load offers it. */
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { libraryModel } from '../../testing/samples.ts';

afterEach(cleanup);
const tokenizer = 'gpt2 qwen35 248320';
const big = libraryModel({ tokenizer, parameters: 9e9, vision: false });
const small = libraryModel({ id: 'small.gguf', name: 'Qwen3.5 0.8B', label: 'Q8_0', tokenizer, parameters: 8e8, size: 2 ** 30 });

async function open(models: LibraryModel[], kept?: object) {
  const fake = createFakeCore();
  fake.engine.push({ status: 'idle' });
  fake.library.push(models);
  if (kept) fake.settings.push({ ...fake.settings.value, modelLoads: { [models[0]!.id]: kept } });
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: /^Load Qwen3.5 9B Q4_K_M with other settings/ }));
  const dialog = within(await screen.findByRole('dialog'));
  await user.click(dialog.getByRole('button', { name: 'More settings' }));
  const field = dialog.getByRole('combobox', { name: 'Guess ahead' });
  const choices = async (): Promise<(string | null)[]> => {
    await user.click(field);
    return (await screen.findAllByRole('option')).map(({ textContent }) => textContent);
  };
  const asked = async (): Promise<unknown> => {
    await user.click(dialog.getByRole('button', { name: /^Load/ }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    return fake.calls.findLast(({ method }) => method === 'engine.load')?.input;
  };
  return { fake, user, dialog, field, choices, asked };
}

test('a smaller model with the same tokens is offered, and asked for with the load', async () => {
  const others = [
    libraryModel({ id: 'stranger.gguf', name: 'Stranger', tokenizer: 'llama default 32000', parameters: 1e9 }),
    libraryModel({ id: 'bigger.gguf', name: 'Bigger', tokenizer, parameters: 27e9 }),
    libraryModel({ id: 'broken.gguf', name: 'Broken', tokenizer, parameters: 1e9, problem: 'truncated' }),
  ];
  const { user, choices, asked } = await open([big, small, ...others]);
  expect(await choices()).toEqual(['Off', 'Qwen3.5 0.8B Q8_01.0 GB, loaded beside it']);
  await user.click(screen.getByRole('option', { name: /0.8B/ }));
  expect(await asked()).toMatchObject({ settings: { speculation: { type: 'draft', model: small.id } } });
});

test('a model that brings layers for it can guess for itself', async () => {
  const { user, choices, asked } = await open([{ ...big, nextnLayers: 1 }]);
  expect(await choices()).toEqual(['Off', 'Its own layers (MTP)Trained with the model for just this']);
  await user.click(screen.getByRole('option', { name: /MTP/ }));
  expect(await asked()).toMatchObject({ settings: { speculation: { type: 'mtp' } } });
});

test('where nothing can guess, it says why and what would', async () => {
  const { field, dialog } = await open([big]);
  expect(field.hasAttribute('data-disabled')).toBe(true);
  dialog.getByText(/^Nothing here can guess for this model: .* download a small one\.$/);
});

test('node-llama-cpp guesses nothing, whatever is there', async () => {
  const { field, dialog } = await open([big, small], { engine: 'node-llama-cpp', speculation: { type: 'draft', model: small.id } });
  expect(field.hasAttribute('data-disabled')).toBe(true);
  expect(field.textContent).toBe('Off');
  dialog.getByText('Only llama-server guesses ahead: choose it as the engine.');
});

test('a model that was chosen and is gone can be let go', async () => {
  const { user, field, dialog, choices, asked } = await open([big], { speculation: { type: 'draft', model: 'gone.gguf' } });
  expect(field.textContent).toBe('A model that is not here any more');
  dialog.getByText(/^What was to guess for this model is gone/);
  expect(await choices()).toHaveLength(2);
  await user.click(screen.getByRole('option', { name: 'Off' }));
  expect(await asked()).not.toHaveProperty('settings.speculation');
});
