/** Ctrl/Cmd K: go somewhere or do something by its name. */
import { Autocomplete } from '@base-ui/react/autocomplete';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useModelActions } from '../features/models/useModelActions.ts';
import { useModelName } from '../features/models/useModelName.ts';
import { loadedModels } from '../stores/engine.ts';
import { useStores } from '../stores/index.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { useRun } from '../useRun.ts';

interface Command {
  value: string;
  label: string;
  keys?: string;
  run(): void;
}
interface Group {
  value: string;
  items: Command[];
}

const modifier = /Mac/.test(navigator.userAgent) ? '⌘' : 'Ctrl ';

/** The palette; it is there while the ui store says so. */
export function Palette() {
  const { t } = useTranslation();
  const { ui } = useStores();
  const open = useStore(ui, (state) => state.palette);
  return (
    <Dialog open={open} onClose={() => ui.getState().setPalette(false)} title={t('palette.title')} hideTitle>
      <Commands onDone={() => ui.getState().setPalette(false)} />
    </Dialog>
  );
}

function Commands({ onDone }: { onDone(): void }) {
  const { t } = useTranslation();
  const groups = useCommands();
  return (
    <Autocomplete.Root open inline items={groups} itemToStringValue={(command) => command.label} autoHighlight="always" keepHighlight>
      <Autocomplete.Input
        aria-label={t('palette.title')}
        placeholder={t('palette.placeholder')}
        className="h-11 w-full border-b border-line bg-transparent px-4 text-lg outline-none"
      />
      <Autocomplete.Empty className="p-4 text-text-2 empty:hidden">{t('palette.empty')}</Autocomplete.Empty>
      <Autocomplete.List className="min-h-0 overflow-y-auto p-1 empty:p-0">
        {(group: Group) => (
          <Autocomplete.Group key={group.value} items={group.items}>
            <Autocomplete.GroupLabel className="px-3 pt-2 pb-1 text-xs text-text-2">{group.value}</Autocomplete.GroupLabel>
            <Autocomplete.Collection>
              {(command: Command) => (
                <Autocomplete.Item
                  key={command.value}
                  value={command}
                  onClick={() => {
                    onDone();
                    command.run();
                  }}
                  className="flex h-8 items-center justify-between gap-4 rounded-md px-3 outline-none select-none data-highlighted:bg-surface-2"
                >
                  <span className="truncate">{command.label}</span>
                  {command.keys && <kbd className="font-sans text-xs text-text-2">{command.keys}</kbd>}
                </Autocomplete.Item>
              )}
            </Autocomplete.Collection>
          </Autocomplete.Group>
        )}
      </Autocomplete.List>
    </Autocomplete.Root>
  );
}

/** Every command there is now, in groups. */
function useCommands(): Group[] {
  const { t } = useTranslation();
  const run = useRun();
  const { ui, engine, library, settings } = useStores();
  const models = useStore(library, (state) => state.models);
  const state = useStore(engine, (store) => store.state);
  const { load, use, eject, ejectAll } = useModelActions();
  const name = useModelName();
  return useMemo(() => {
    const { go } = ui.getState();
    const theme = (value: 'system' | 'light' | 'dark', label: string): Command => ({
      value: `theme ${value}`,
      label,
      run: () => void run(settings.getState().change({ theme: value })),
    });
    const loaded = loadedModels(state);
    const front = state.status === 'idle' ? undefined : state.modelId;
    const groups: Group[] = [
      {
        value: t('palette.go'),
        items: (['discover', 'models', 'downloads', 'settings'] as const).map((view) => ({ value: view, label: t(`nav.${view}`), run: () => go(view) })),
      },
      {
        value: t('palette.do'),
        items: [
          { value: 'new', label: t('nav.newChat'), keys: `${modifier}N`, run: () => go('chat') },
          ...loaded
            .filter(({ modelId }) => modelId !== front)
            .map(({ modelId }) => ({ value: `use ${modelId}`, label: t('palette.useNamed', { name: name(modelId) }), run: () => void use(modelId) })),
          ...loaded.map(({ modelId }) => ({
            value: `eject ${modelId}`,
            label: t('strip.ejectNamed', { name: name(modelId) }),
            run: () => void eject(modelId),
          })),
          ...(loaded.length > 1 ? [{ value: 'eject all', label: t('palette.ejectAll'), run: () => void ejectAll() }] : []),
        ],
      },
      {
        value: t('palette.load'),
        items: (models ?? [])
          .filter((model) => !model.problem && !loaded.some(({ modelId }) => modelId === model.id))
          .map((model) => ({
            value: `load ${model.id}`,
            label: t('palette.loadNamed', { name: `${model.name} ${model.label}` }),
            run: () => void load(model.id),
          })),
      },
      {
        value: t('palette.theme'),
        items: [theme('system', t('palette.themeSystem')), theme('light', t('palette.themeLight')), theme('dark', t('palette.themeDark'))],
      },
    ];
    return groups.filter((group) => group.items.length > 0);
  }, [t, run, ui, settings, models, state, name, load, use, eject, ejectAll]);
}
