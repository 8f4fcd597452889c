/** The same question to another model that is loaded, to compare their answers. */
import { Repeat2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { Turn } from '../../../shared/schemas/chat.ts';
import type { OtherModel } from '../../../shared/schemas/engine.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Menu, MenuHeading, MenuItem } from '../../ui/Menu.tsx';
import { useModelActions } from '../models/useModelActions.ts';
import { useModelName } from '../models/useModelName.ts';
import { useAct } from './useAct.ts';
import { useTurnActions } from './useTurnActions.ts';

/** A menu of the models that did not give this answer; nothing where no other than the one of the next answer is loaded. */
export function RetryWith({ turn }: { turn: Turn }) {
  const { t } = useTranslation('chat');
  const { engine, turn: store } = useStores();
  const state = useStore(engine, (store) => store.state);
  const name = useModelName();
  const { use } = useModelActions();
  const act = useAct();
  const { whyNot } = useTurnActions();
  const front = state.status === 'idle' ? undefined : state.modelId;
  const loaded = loadedModels(state);
  const others = loaded.filter(({ modelId }) => modelId !== turn.modelId);
  if (others.length === 0 || !loaded.some(({ modelId }) => modelId !== front)) return null;
  const ask = async ({ modelId }: OtherModel): Promise<void> => {
    if (modelId !== front && !(await use(modelId))) return;
    act(store.getState().retry(turn.id));
  };
  return (
    <Menu trigger={<IconButton icon={Repeat2} label={t('action.retryWith')} whyNot={whyNot} />}>
      <MenuHeading>{t('action.retryWith')}</MenuHeading>
      {others.map((other) => (
        <MenuItem key={other.modelId} onClick={() => void ask(other)}>
          {name(other.modelId)}
        </MenuItem>
      ))}
    </Menu>
  );
}
