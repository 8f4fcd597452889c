/** The menu of models: which of the loaded ones answers, and others to load. */
import type { ReactElement, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useFormat } from '../../i18n.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { Menu, MenuChoice, MenuChoices, MenuHeading, MenuItem, MenuLine } from '../../ui/Menu.tsx';
import { useMemoryLine } from './useMemoryLine.ts';
import { useModelActions } from './useModelActions.ts';
import { useModelName } from './useModelName.ts';

/** Opens above `trigger` (one button); `children` are headings that come first. */
export function ModelMenu({ trigger, children }: { trigger: ReactElement; children?: ReactNode }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { engine, library, ui } = useStores();
  const state = useStore(engine, (store) => store.state);
  const models = useStore(library, (store) => store.models) ?? [];
  const name = useModelName();
  const memory = useMemoryLine();
  const { load, use } = useModelActions();
  const loaded = loadedModels(state);
  const front = state.status === 'idle' ? undefined : state.modelId;
  const choosable = loaded.some(({ modelId }) => modelId !== front);
  const loadable = models.filter((model) => !model.problem && !loaded.some(({ modelId }) => modelId === model.id));
  const heading = models.length === 0 ? 'strip.none' : front === undefined && loaded.length === 0 ? 'strip.choose' : 'strip.loadOther';

  return (
    <Menu side="top" trigger={trigger}>
      {children}
      {choosable && (
        <MenuChoices heading={t('strip.next')} value={front ?? ''} onChange={(id) => void use(id)}>
          {loaded.map(({ modelId, model }) => (
            <MenuChoice key={modelId} value={modelId} detail={memory(model.memory)}>
              {name(modelId)}
            </MenuChoice>
          ))}
        </MenuChoices>
      )}
      {(loadable.length > 0 || models.length === 0) && <MenuHeading>{t(heading)}</MenuHeading>}
      {loadable.map((model) => (
        <MenuItem key={model.id} detail={`${model.label}  ${format.fileSize(model.size)}`} onClick={() => void load(model.id)}>
          {model.name}
        </MenuItem>
      ))}
      <MenuLine />
      {models.some(({ id }) => id === front) && <MenuItem onClick={() => ui.getState().openLoadPanel(front)}>{t('strip.loadSettings')}</MenuItem>}
      {models.length > 0 ? (
        <MenuItem onClick={() => ui.getState().go('models')}>{t('strip.manage')}</MenuItem>
      ) : (
        <MenuItem onClick={() => ui.getState().go('discover')}>{t('strip.discover')}</MenuItem>
      )}
    </Menu>
  );
}
