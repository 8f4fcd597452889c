/** The cards that a model may use, as a person ticks them and splits the layers over them. */
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import type { Card } from '../../../shared/schemas/hardware.ts';
import { defaultLoadSettings, type LoadSettings, type UsedCard } from '../../../shared/schemas/memory.ts';
import { createI18n } from '../../i18n.ts';
import { LoadFields, type LoadFieldsProps } from './LoadFields.tsx';

afterEach(cleanup);
const gib = 2 ** 30;
const large: Card = { id: 0, name: 'RTX 3090', total: 24 * gib, free: 12.3 * gib };
const cards: Card[] = [large, { id: 1, name: 'RTX 3090', total: 24 * gib, free: null }, { id: 2, name: 'RTX 3060', total: 12 * gib, free: 4 * gib }];

interface Start {
  props?: Partial<LoadFieldsProps>;
  start?: Partial<LoadSettings>;
  said: (UsedCard[] | undefined)[];
}

function Fields({ props, start, said }: Start) {
  const [value, setValue] = useState<LoadSettings>({ ...defaultLoadSettings, ...start });
  const change = (next: LoadSettings): void => {
    said.push(next.cards);
    setValue(next);
  };
  return <LoadFields value={value} maxContext={32_768} vision={false} scope="model" cards={cards} {...props} onChange={change} />;
}

async function open(props: Partial<LoadFieldsProps> = {}, start: Partial<LoadSettings> = {}) {
  const said: Start['said'] = [];
  const user = userEvent.setup();
  render(
    <I18nextProvider i18n={createI18n('en')}>
      <Fields props={props} start={start} said={said} />
    </I18nextProvider>,
  );
  await user.click(screen.getByRole('button', { name: 'More settings' }));
  const choose = async (field: string, option: string): Promise<void> => {
    await user.click(screen.getByRole('combobox', { name: field }));
    await user.click(await screen.findByRole('option', { name: new RegExp(`^${option}`) }));
  };
  return { user, said, choose };
}
const box = (name: string | RegExp): HTMLElement => screen.getByRole('checkbox', { name });
const boxes = (): (string | null)[] =>
  within(screen.getByRole('group', { name: 'Graphics cards' }))
    .getAllByRole('checkbox')
    .map((each) => `${each.getAttribute('aria-checked')}${each.hasAttribute('data-disabled') ? ' disabled' : ''}`);
const share = (name: string): HTMLInputElement => screen.getByRole('spinbutton', { name: `Share of ${name}` });

test('each card is there with its free memory, those of the same name by their numbers, and all are ticked', async () => {
  await open();
  expect(boxes()).toEqual(['true', 'true', 'true']);
  const about = (name: string): string | null => document.getElementById(box(name).getAttribute('aria-describedby')!)!.textContent;
  expect(['RTX 3090 #1', 'RTX 3090 #2', 'RTX 3060'].map(about)).toEqual(['12.3 GB free of 24.0 GB', '24.0 GB, free amount unknown', '4.0 GB free of 12.0 GB']);
});

test('with one card, or while none is known, there is nothing to choose', async () => {
  await open({ cards: [large] });
  expect(screen.queryByRole('checkbox')).toBeNull();
  cleanup();
  await open({ cards: undefined }, { cards: [{ id: 7 }] });
  expect(screen.queryByRole('checkbox')).toBeNull();
});

test('cards are unticked by mouse and by keyboard until one is left; all of them are what is usual', async () => {
  const { user, said } = await open();
  await user.click(screen.getByText('RTX 3060'));
  expect(said.at(-1)).toEqual([{ id: 0 }, { id: 1 }]);
  box('RTX 3090 #1').focus();
  await user.keyboard(' ');
  expect(said.at(-1)).toEqual([{ id: 1 }]);
  expect(boxes()).toEqual(['false', 'true disabled', 'false']);
  expect(screen.queryByRole('combobox', { name: 'Split' })).toBeNull();
  await user.keyboard(' ');
  await user.click(box('RTX 3060'));
  expect(said.at(-1)).toBeUndefined();
  expect(boxes()).toEqual(['true', 'true', 'true']);
});

test('all of them are said where something else holds for all models', async () => {
  const { user, said } = await open({ usual: { ...defaultLoadSettings, cards: [{ id: 0 }] } }, { cards: [{ id: 0 }, { id: 1 }] });
  await user.click(box('RTX 3060'));
  expect(said.at(-1)).toEqual([{ id: 0 }, { id: 1 }, { id: 2 }]);
});

test('shares begin with the memory that is free, show what part comes out, and follow the cards', async () => {
  const { user, said, choose } = await open();
  await choose('Split', 'By shares');
  expect(said.at(-1)).toEqual([
    { id: 0, share: 12 },
    { id: 1, share: 24 },
    { id: 2, share: 4 },
  ]);
  const part = (name: string): string | null => share(name).nextElementSibling!.textContent;
  expect(part('RTX 3090 #2')).toBe('60%');
  await user.click(box('RTX 3090 #2'));
  await user.clear(share('RTX 3090 #1'));
  await user.type(share('RTX 3090 #1'), '3');
  await user.clear(share('RTX 3060'));
  await user.tab();
  expect(said.at(-1)).toEqual([
    { id: 0, share: 3 },
    { id: 2, share: 1 },
  ]);
  expect([part('RTX 3090 #1'), part('RTX 3060')]).toEqual(['75%', '25%']);
  await user.click(box('RTX 3090 #2'));
  expect(said.at(-1)).toContainEqual({ id: 1, share: 2 });
  await choose('Split', 'By free memory');
  expect(said.at(-1)).toBeUndefined();
});

test('a card that is left alone has no share', async () => {
  const { user, said } = await open(
    { cards: cards.slice(0, 2) },
    {
      cards: [
        { id: 0, share: 3 },
        { id: 1, share: 1 },
      ],
    },
  );
  await user.click(box('RTX 3090 #2'));
  expect(said.at(-1)).toEqual([{ id: 0 }]);
});

test('shares need llama-server, which is said', async () => {
  const shares = [
    { id: 0, share: 3 },
    { id: 1, share: 1 },
  ];
  const { choose, said } = await open({}, { cards: shares, engine: 'node-llama-cpp' });
  const split = screen.getByRole('combobox', { name: 'Split' });
  expect([split.textContent, split.hasAttribute('data-disabled')]).toEqual(['By free memory', true]);
  screen.getByText('Only llama-server splits by shares: choose it as the engine.');
  expect(screen.queryByRole('spinbutton', { name: /^Share/ })).toBeNull();
  await choose('Engine', 'llama-server');
  expect(share('RTX 3090 #1').value).toBe('3');
  expect(said.at(-1)).toEqual(shares);
});

test('a card that is gone is said to be, and can be taken off, also where it was the only one', async () => {
  const { user, said } = await open({}, { cards: [{ id: 1 }, { id: 5 }] });
  expect(boxes()).toEqual(['false', 'true disabled', 'false', 'true']);
  await user.click(box('Card 6, not there any more'));
  expect(said.at(-1)).toEqual([{ id: 1 }]);
  cleanup();
  const only = await open({ cards: [large] }, { cards: [{ id: 5 }] });
  expect(boxes()).toEqual(['false', 'true']);
  box('Card 6, not there any more').focus();
  await only.user.keyboard(' ');
  expect(only.said).toEqual([undefined]);
  expect(boxes()).toEqual(['true disabled', 'false']);
  expect(document.activeElement).toBe(box('Card 6, not there any more'));
});
