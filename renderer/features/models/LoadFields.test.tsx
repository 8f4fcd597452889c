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

function Fields({ start, said }: { start: Partial<LoadSettings>; said: LoadSettings[] }) {
  const [value, setValue] = useState<LoadSettings>({ ...defaultLoadSettings, ...start });
  const change = (next: LoadSettings): void => {
    said.push(next);
    setValue(next);
  };
  return <LoadFields value={value} maxContext={32_768} vision scope="model" estimate={estimate} cores={8} onChange={change} />;
}

async function open(start: Partial<LoadSettings> = {}) {
  const said: LoadSettings[] = [];
  const user = userEvent.setup();
  render(
    <I18nextProvider i18n={createI18n('en')}>
      <Fields start={start} said={said} />
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
