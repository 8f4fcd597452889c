/** The frame: sidebar, the view, the status strip, and what lies over them. */
import { CSPProvider } from '@base-ui/react/csp-provider';
import { Tooltip } from '@base-ui/react/tooltip';
import { type ComponentType, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { Core } from '../../shared/contract/core.ts';
import { DiscoverView } from '../features/discover/DiscoverView.tsx';
import { DownloadsView } from '../features/downloads/DownloadsView.tsx';
import { LoadPanel } from '../features/models/LoadPanel.tsx';
import { ModelsView } from '../features/models/ModelsView.tsx';
import { SettingsView } from '../features/settings/SettingsView.tsx';
import type { Connection } from '../rpc/connection.ts';
import { useStores } from '../stores/index.ts';
import type { View } from '../stores/ui.ts';
import { Boundary } from '../ui/Boundary.tsx';
import { Toasts } from '../ui/toasts.tsx';
import { useDroppedFiles } from '../ui/useDroppedFiles.ts';
import { ConnectionBar } from './ConnectionBar.tsx';
import { ChatView } from './chat.tsx';
import { Palette } from './Palette.tsx';
import { Sidebar } from './Sidebar.tsx';
import { StatusStrip } from './StatusStrip.tsx';
import { useAppearance } from './useAppearance.ts';
import { useShortcuts } from './useShortcuts.ts';

const views: Record<View, ComponentType> = {
  chat: ChatRoute,
  discover: DiscoverView,
  models: ModelsView,
  downloads: DownloadsView,
  settings: SettingsView,
};

/** The whole page. */
export function App({ connection }: { connection: Connection<Core> }) {
  const { t } = useTranslation();
  const { ui } = useStores();
  const view = useStore(ui, (state) => state.view);
  const id = useStore(ui, (state) => state.id);
  useAppearance();
  useShortcuts();
  useDroppedFiles();
  const Current = views[view];

  return (
    <CSPProvider disableStyleElements>
      <Tooltip.Provider>
        <div className="relative isolate grid h-full overflow-clip grid-cols-[auto_minmax(0,1fr)] grid-rows-[minmax(0,1fr)_auto]">
          <div className="flex min-h-0 max-w-60">
            <Boundary inPlace>
              <Sidebar />
            </Boundary>
          </div>
          <div className="flex min-h-0 min-w-0 flex-col">
            <ConnectionBar connection={connection} />
            <main className="min-h-0 flex-1" aria-label={t(`nav.${view}`)}>
              <Boundary key={view === 'chat' ? `${view} ${id ?? ''}` : view}>
                <Suspense fallback={<Coming view={view} />}>
                  <Current />
                </Suspense>
              </Boundary>
            </main>
          </div>
          <div className="col-span-full">
            <Boundary inPlace>
              <StatusStrip />
            </Boundary>
          </div>
        </div>
        <LoadPanel />
        <Palette />
        <Toasts />
      </Tooltip.Provider>
    </CSPProvider>
  );
}

function Coming({ view }: { view: View }) {
  const { t } = useTranslation();
  return (
    <div aria-busy className="p-6 text-text-3">
      <h1 className="sr-only">{t(`nav.${view}`)}</h1>
      <p>{t('loading')}</p>
    </div>
  );
}

function ChatRoute() {
  const { ui } = useStores();
  const id = useStore(ui, (state) => state.id);
  return <ChatView chatId={id} />;
}
