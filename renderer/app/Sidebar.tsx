/** Chats and views at the left; a rail of icons where the window is narrow. */
import { Dialog } from '@base-ui/react/dialog';
import { ArrowDownToLine, Box, Command, type LucideIcon, MessageSquarePlus, PanelLeft, Search, Settings } from 'lucide-react';
import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useStores } from '../stores/index.ts';
import { toHash, type View } from '../stores/ui.ts';
import { Boundary } from '../ui/Boundary.tsx';
import { IconButton } from '../ui/Button.tsx';
import { classes } from '../ui/classes.ts';
import { Tooltip } from '../ui/Tooltip.tsx';
import { ChatList } from './chat.tsx';
import { useNarrow } from './useNarrow.ts';

const places: { view: Exclude<View, 'chat'>; icon: LucideIcon }[] = [
  { view: 'discover', icon: Search },
  { view: 'models', icon: Box },
  { view: 'downloads', icon: ArrowDownToLine },
  { view: 'settings', icon: Settings },
];

/** The sidebar, in the form that the window has room for. */
export function Sidebar() {
  return useNarrow() ? <Rail /> : <Wide />;
}

function Wide() {
  const { t } = useTranslation();
  return (
    <div className="flex w-60 min-w-0 flex-col border-r border-line bg-surface-1">
      <section aria-label={t('nav.chats')} className="min-h-0 flex-1">
        <Chats />
      </section>
      <Places />
    </div>
  );
}

const Chats = () => (
  <Boundary inPlace>
    <Suspense fallback={null}>
      <ChatList />
    </Suspense>
  </Boundary>
);

function Rail() {
  const { t } = useTranslation();
  const { ui } = useStores();
  const open = useStore(ui, (state) => state.sidebar);
  return (
    <div className="flex w-11 flex-col items-center gap-1 border-r border-line bg-surface-1 py-2">
      <Dialog.Root open={open} onOpenChange={(next) => ui.getState().setSidebar(next)}>
        <IconButton icon={PanelLeft} label={t('nav.openSidebar')} onClick={() => ui.getState().setSidebar(true)} />
        <IconButton icon={MessageSquarePlus} label={t('nav.newChat')} onClick={() => ui.getState().go('chat')} />
        <Dialog.Portal>
          <Dialog.Backdrop className="fixed inset-0 z-30 bg-scrim" />
          <Dialog.Popup className="fixed inset-y-0 left-0 z-30 flex w-64 flex-col border-r border-line bg-surface-1 shadow-float outline-none">
            <Dialog.Title className="sr-only">{t('nav.chats')}</Dialog.Title>
            <div className="min-h-0 flex-1">
              <Chats />
            </div>
            <Places />
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <div className="flex-1" />
      <Places narrow />
    </div>
  );
}

function Places({ narrow = false }: { narrow?: boolean }) {
  const { t } = useTranslation();
  const { ui, downloads } = useStores();
  const view = useStore(ui, (state) => state.view);
  const active = useStore(downloads, (state) => state.jobs?.filter((job) => ['queued', 'running', 'verifying'].includes(job.state)).length ?? 0);
  return (
    <nav aria-label={t('nav.label')} className={classes('flex flex-col gap-0.5', narrow ? '' : 'border-t border-line p-2')}>
      {places.map(({ view: place, icon: Icon }) => {
        const count = place === 'downloads' ? active : 0;
        const link = (
          <a
            key={place}
            href={toHash(place, undefined)}
            aria-current={view === place ? 'page' : undefined}
            aria-label={narrow ? [t(`nav.${place}`), count > 0 && t('nav.active', { count })].filter(Boolean).join(', ') : undefined}
            className={classes(
              'relative flex items-center gap-2 rounded-md text-text-2 select-none hover:bg-surface-2 hover:text-text-1 aria-[current]:bg-surface-2 aria-[current]:text-text-1',
              narrow ? 'size-7 justify-center' : 'h-7 px-2',
            )}
          >
            <Icon aria-hidden size={16} strokeWidth={1.75} />
            {!narrow && t(`nav.${place}`)}
            {count > 0 && (
              <span
                className={classes(
                  'min-w-4 rounded-full bg-accent px-1 text-center text-xs text-on-accent tabular-nums',
                  narrow ? 'absolute -top-1 -right-1.5' : 'ml-auto',
                )}
              >
                <span aria-hidden>{count}</span>
                <span className="sr-only">{t('nav.active', { count })}</span>
              </span>
            )}
          </a>
        );
        return narrow ? (
          <Tooltip key={place} text={t(`nav.${place}`)}>
            {link}
          </Tooltip>
        ) : (
          link
        );
      })}
      {narrow && <IconButton icon={Command} label={t('palette.open')} onClick={() => ui.getState().setPalette(true)} />}
    </nav>
  );
}
