/** What this computer has, as a person reads it. */
import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { cards, hardware } from '../../testing/samples.ts';

afterEach(cleanup);
const gib = 2 ** 30;
const fact = (name: string): string | null | undefined => screen.queryByText(name, { selector: 'dt' })?.nextElementSibling?.textContent;

test('one card has its name and its memory', async () => {
  renderApp(createFakeCore({ 'hardware.cards': () => [{ id: 0, name: hardware.gpus[0]!, total: 8 * gib, free: 7.4 * gib }] }), 'settings');
  await waitFor(() => expect(fact('GPU')).toBe('NVIDIA GeForce RTX 4060'));
  expect(fact('GPU memory')).toBe('7.4 GB free of 8.0 GB');
  expect(fact('GPU 1')).toBeUndefined();
});

test('of several each has its memory, beside what they have together, and is looked at again', async () => {
  let told = cards;
  const vram = { total: 48 * gib, free: 24.5 * gib, unified: false };
  const fake = createFakeCore({
    'hardware.get': () => ({ ...hardware, gpus: cards.map(({ name }) => name), vram }),
    'hardware.cards': () => told,
  });
  const { user } = renderApp(fake, 'settings');
  await waitFor(() => expect(fact('GPU 1')).toBe('NVIDIA GeForce RTX 3090, 22.5 GB free of 24.0 GB'));
  expect(fact('GPU 2')).toBe('NVIDIA GeForce RTX 3090, 2.0 GB free of 24.0 GB');
  expect(fact('GPU memory in all')).toBe('24.5 GB free of 48.0 GB');
  expect(fact('GPU')).toBeUndefined();
  told = [cards[0], { ...cards[1], free: null }];
  await user.click(screen.getByRole('button', { name: 'Look again' }));
  await waitFor(() => expect(fact('GPU 2')).toBe('NVIDIA GeForce RTX 3090, 24.0 GB, free amount unknown'));
});
