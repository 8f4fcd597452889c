/** Puts the page on a fake core, in English, for component tests. */
import { render } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { createStore } from 'zustand/vanilla';
import { App } from '../app/App.tsx';
import { createI18n } from '../i18n.ts';
import type { ConnectionState } from '../rpc/connection.ts';
import { createStores, StoresContext } from '../stores/index.ts';
import type { View } from '../stores/ui.ts';
import type { FakeCore } from './fakeCore.ts';

/** The whole page at a view. happy-dom lays nothing out, so lists are told that they are 600 px high. */
export function renderApp(fake: FakeCore, view: View, id?: string) {
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, value: 600 });
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, value: 300 });
  fake.settings.push({ ...fake.settings.value, language: 'en' });
  const stores = createStores(fake.client);
  stores.ui.getState().go(view, id);
  const connection = createStore<ConnectionState>(() => ({ status: 'open' }));
  const page = render(
    <I18nextProvider i18n={createI18n('en')}>
      <StoresContext value={stores}>
        <App connection={{ client: fake.client, state: connection, retry: () => {} }} />
      </StoresContext>
    </I18nextProvider>,
  );
  return { ...page, stores, connection, user: userEvent.setup() };
}
