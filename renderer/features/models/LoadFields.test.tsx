/** The fields of a load, each writing its setting. */
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import { defaultLoadSettings, type LoadSettings } from '../../../shared/schemas/memory.ts';
import { createI18n } from '../../i18n.ts';
import { LoadFields, type LoadFieldsProps } from './LoadFields.tsx';

afterEach(cleanup);

const estimate = { layers: { total: 33, onGpu: 33 }, engine: 'llama-server', ropeWays: ['yarn', 'linear'] } as const satisfies LoadFieldsProps['estimate'];

function Fields({ start, known, said }: { start: Partial<LoadSettings>; known: LoadFieldsProps['estimate']; said: LoadSettings[] }) {
  const [value, setValue] = useState<LoadSettings>({ ...defaultLoadSettings, ...start });
  const change = (next: LoadSettings): void => {
    said.push(next);
    setValue(next);
  };
  return <LoadFields value={value} maxContext={32_768} vision scope="model" estimate={known} cores={8} onChange={change} />;
}

async function open(start: Partial<LoadSettings> = {}, known: LoadFieldsProps['estimate'] = estimate) {
  const said: LoadSettings[] = [];
  const user = userEvent.setup();
  render(
    <I18nextProvider i18n={createI18n('en')}>
      <Fields start={start} known={known} said={said} />
    </I18nextProvider>,
  );
  await user.click(screen.getByRole('button', { name: 'More settings' }));
  return { user, said, field: screen.getByRole('combobox', { name: 'Pictures' }) };
}

test('pictures are capped where the person says, and by default nothing is said', async () => {
  const { user, said, field } = await open();
  expect(field.textContent).toBe('up to 1,024 tokens');
  await user.click(field);
  await user.click(await screen.findByRole('option', { name: /256 tokens/ }));
  expect(said.at(-1)).toEqual({ ...defaultLoadSettings, imageTokens: 256 });
  await user.click(field);
  await user.click(await screen.findByRole('option', { name: /1,024 tokens/ }));
  expect(said.at(-1)).toEqual(defaultLoadSettings);
});

test('a cap of one’s own is among the choices; without vision there is nothing to choose', async () => {
  const { field } = await open({ imageTokens: 700, vision: false });
  expect(field.textContent).toBe('up to 700 tokens');
  expect(field.hasAttribute('data-disabled')).toBe(true);
});

async function choose(user: ReturnType<typeof userEvent.setup>, field: string, option: RegExp): Promise<void> {
  await user.click(screen.getByRole('combobox', { name: field }));
  await user.click(await screen.findByRole('option', { name: option }));
}

test('numbers are left to the app, written, refused and taken back', async () => {
  const { user, said } = await open();
  const threads = screen.getByRole<HTMLInputElement>('spinbutton', { name: 'Threads' });
  expect(threads.placeholder).toBe('Automatic');
  await user.type(threads, '6{Enter}');
  expect(said.at(-1)).toEqual({ ...defaultLoadSettings, threads: 6 });
  await user.clear(threads);
  await user.tab();
  expect(said.at(-1)).toEqual(defaultLoadSettings);
  const before = said.length;
  await user.type(threads, '9');
  expect(threads.getAttribute('aria-invalid')).toBe('true');
  await user.tab();
  expect(threads.value).toBe('');
  expect(said.length).toBe(before);
  await user.type(screen.getByRole('spinbutton', { name: 'RoPE base frequency' }), '20000.5{Enter}');
  expect(said.at(-1)).toEqual({ ...defaultLoadSettings, ropeFreqBase: 20_000.5 });
});

test('the slider goes beyond the model’s own context while it is stretched, and comes back', async () => {
  const { user, said } = await open({ contextSize: 32_768 });
  const slider = screen.getByRole('slider', { name: 'Context' });
  const words = (): string | null => slider.getAttribute('aria-valuetext');
  slider.focus();
  await user.keyboard('{End}');
  expect(words()).toBe('32,768 tokens');
  await choose(user, 'Stretch', /^YaRN/);
  expect(said.at(-1)).toEqual({ ...defaultLoadSettings, contextSize: 32_768, ropeScaling: 'yarn' });
  screen.getByText(/^With a context of more than 32,768 tokens answers get worse/);
  slider.focus();
  await user.keyboard('{End}');
  expect(words()).toBe('131,072 tokens (4×)');
  await choose(user, 'Stretch', /^Off/);
  expect(said.at(-1)).toEqual({ ...defaultLoadSettings, contextSize: 32_768 });
});

test('a model that cannot be stretched says so', async () => {
  await open({}, { ...estimate, ropeWays: undefined });
  expect(screen.getByRole('combobox', { name: 'Stretch' }).hasAttribute('data-disabled')).toBe(true);
  screen.getByText(/^This model ends at 32,768 tokens/);
});

test('what an engine cannot do is not offered, and says why', async () => {
  const { user, said } = await open({ vision: false, slots: 4, mlock: true, mmap: true });
  const slots = screen.getByRole('combobox', { name: 'Answers at the same time' });
  const mapped = screen.getByRole('switch', { name: 'Map the file instead of reading it' });
  expect([slots.textContent, slots.hasAttribute('data-disabled'), mapped.getAttribute('aria-checked')]).toEqual(['4', false, 'true']);
  await choose(user, 'Engine', /^node-llama-cpp/);
  expect([slots.textContent, slots.hasAttribute('data-disabled'), mapped.getAttribute('aria-checked')]).toEqual(['1', true, 'false']);
  screen.getByText(/^Only llama-server gives several/);
  screen.getByText(/^node-llama-cpp reads the file where it is locked/);
  await choose(user, 'Engine', /^Automatic/);
  expect(said.at(-1)).toMatchObject({ slots: 4, mmap: true });
});

test('a batch, and how long a model stays: what is as for all is not said', async () => {
  const { user, said } = await open();
  await choose(user, 'Batch', /^2,048 tokens/);
  await choose(user, 'When unused', /^Stays loaded/);
  expect(said.at(-1)).toEqual({ ...defaultLoadSettings, batchSize: 2048, keepMinutes: 0 });
  await choose(user, 'Batch', /^512 tokens/);
  await choose(user, 'When unused', /^As for all models/);
  expect(said.at(-1)).toEqual(defaultLoadSettings);
});
