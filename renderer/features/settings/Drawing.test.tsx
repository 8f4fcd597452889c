/** How words are drawn for all chats, and the person's presets. */
import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { undoLast } from '../../ui/toasts.tsx';

afterEach(cleanup);

test('a value for all is saved, and given back to what models recommend', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'settings');
  const temperature = await screen.findByRole<HTMLInputElement>('spinbutton', { name: 'Temperature' });
  expect(temperature.value).toBe('0.8');
  expect(document.getElementById(temperature.getAttribute('aria-describedby')!.split(' ')[0]!)?.textContent).toBe('as the model recommends, else this');
  await user.clear(temperature);
  await user.type(temperature, '0{Enter}');
  await user.click(screen.getByText('How words are drawn'));
  const topK = screen.getByRole('spinbutton', { name: 'Top K' });
  await user.clear(topK);
  await user.type(topK, '7{Enter}');
  await waitFor(() => expect(fake.settings.value.sampling).toEqual({ temperature: 0, topK: 7 }));
  await user.click(screen.getByRole('button', { name: 'Temperature: back to 0.8' }));
  await waitFor(() => expect(fake.settings.value.sampling).toEqual({ topK: 7 }));
});

test('presets are renamed, deleted, and brought back to their place', async () => {
  const fake = createFakeCore();
  const [one, two] = [
    { id: '1', name: 'Terse', settings: { systemPrompt: 'Be brief.' } },
    { id: '2', name: 'Wild', settings: { temperature: 2 } },
  ] as const;
  fake.settings.push({ ...fake.settings.value, presets: [one, two] });
  const { user } = renderApp(fake, 'settings');
  await user.click(await screen.findByText('How words are drawn'));
  const name = await screen.findByRole('textbox', { name: 'Name of preset Terse' });
  await user.clear(name);
  await user.type(name, 'Short{Enter}');
  await waitFor(() => expect(fake.settings.value.presets).toEqual([{ ...one, name: 'Short' }, two]));
  await user.click(screen.getByRole('button', { name: 'Delete preset Short' }));
  await waitFor(() => expect(fake.settings.value.presets).toEqual([two]));
  undoLast();
  await waitFor(() => expect(fake.settings.value.presets).toEqual([{ ...one, name: 'Short' }, two]));
});
