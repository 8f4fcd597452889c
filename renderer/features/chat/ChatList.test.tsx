/** The chats in the sidebar. */
import { Tooltip } from '@base-ui/react/tooltip';
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import { createI18n } from '../../i18n.ts';
import { createStores, StoresContext } from '../../stores/index.ts';
import { Toasts, undoLast } from '../../ui/toasts.tsx';
import { ChatList } from './ChatList.tsx';
import { dayOf } from './days.ts';
import { chatOf, testCore } from './testCore.ts';

afterEach(cleanup);

function show() {
  const now = new Date().toISOString();
  const core = testCore([
    chatOf([], { id: 'a', title: 'Pears', updatedAt: now }),
    chatOf([], { id: 'b', title: 'Plums', updatedAt: now }),
    chatOf([], { id: 'c', title: 'Quinces', updatedAt: '2020-01-01T00:00:00Z' }),
  ]);
  const stores = createStores(core.client);
  render(
    <I18nextProvider i18n={createI18n('en')}>
      <StoresContext value={stores}>
        <Tooltip.Provider>
          <ChatList />
          <Toasts />
        </Tooltip.Provider>
      </StoresContext>
    </I18nextProvider>,
  );
  return { core, stores, user: userEvent.setup(), links: () => screen.getAllByRole('link').map((link) => link.textContent) };
}

test('groups by day; arrows go through all of them', async () => {
  const { user, links } = show();
  await waitFor(() => expect(links()).toEqual(['Pears', 'Plums', 'Quinces']));
  expect(screen.getAllByRole('heading').map((heading) => heading.textContent)).toEqual(['Today', 'Earlier']);
  screen.getByRole('link', { name: 'Pears' }).focus();
  await user.keyboard('{ArrowDown}{ArrowDown}');
  expect(document.activeElement?.textContent).toBe('Quinces');
});

test('F2 renames, Escape does not', async () => {
  const { user, links } = show();
  (await screen.findByRole('link', { name: 'Plums' })).focus();
  await user.keyboard('{F2}Apples{Escape}');
  expect(links()).toContain('Plums');
  await user.keyboard('{F2}Apples{Enter}');
  await waitFor(() => expect(links()).toEqual(['Pears', 'Apples', 'Quinces']));
});

test('Delete deletes, undo brings it back; the open chat makes room for a new one', async () => {
  const { user, links, stores } = show();
  act(() => stores.ui.getState().go('chat', 'b'));
  (await screen.findByRole('link', { name: 'Plums' })).focus();
  await user.keyboard('{Delete}');
  await waitFor(() => expect(links()).toEqual(['Pears', 'Quinces']));
  expect(stores.ui.getState().id).toBeUndefined();
  await screen.findByText('Chat "Plums" deleted');
  act(() => void undoLast());
  await waitFor(() => expect(links()).toContain('Plums'));
});

test('a search shows what it found, or that there is nothing', async () => {
  const { user, links } = show();
  await user.type(await screen.findByRole('searchbox', { name: 'Search chats' }), 'pear');
  await waitFor(() => expect(links()).toEqual(['Pears']));
  await user.type(screen.getByRole('searchbox'), 'zzz');
  await screen.findByText('No chat has "pearzzz" in it.');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(links()).toEqual(['Pears', 'Plums', 'Quinces']));
});

test.each([
  [new Date(2026, 2, 1, 0, 0), 'today'],
  [new Date(2026, 1, 28, 23, 59), 'yesterday'],
  [new Date(2026, 1, 27, 23, 59), 'earlier'],
  [new Date(2026, 2, 2, 9, 0), 'today'],
])('%s is %s on 1 March', (time, day) => expect(dayOf(time.toISOString(), new Date(2026, 2, 1, 12, 0))).toBe(day));
