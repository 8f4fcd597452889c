/** Mounts the app: connection, stores, language. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { App } from './app/App.tsx';
import { createI18n, pickLanguage } from './i18n.ts';
import { connectToCore } from './rpc/client.ts';
import { createStores, StoresContext } from './stores/index.ts';
import './theme.css';

const connection = connectToCore();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <I18nextProvider i18n={createI18n(pickLanguage('system'))}>
      <StoresContext value={createStores(connection.client)}>
        <App connection={connection} />
      </StoresContext>
    </I18nextProvider>
  </StrictMode>,
);
