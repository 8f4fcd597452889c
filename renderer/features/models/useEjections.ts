/** Models that went by the engine's state, in sentences. */
import { useTranslation } from 'react-i18next';
import type { Ejection, EngineState } from '../../../shared/schemas/engine.ts';
import { useFormat } from '../../i18n.ts';
import { loadedModels, nextModel } from '../../stores/engine.ts';
import { useModelName } from './useModelName.ts';

type Freed = NonNullable<Ejection['freed']>;

/** What is to be said of those that went; undefined where it is nothing. */
export function useEjections(): {
  /** Of those that went for the model that is in their place now. */
  madeRoom(state: EngineState): string | undefined;
  /** Of `id`, which went on demand or because nobody used it. */
  gone(state: EngineState, id: string): string | undefined;
} {
  const { t } = useTranslation('engine');
  const format = useFormat();
  const name = useModelName();
  const memory = (freed: Freed): string => {
    const ram = format.memory(freed.ram);
    return freed.gpu ? t('freed.both', { ram, gpu: format.memory(freed.gpu) }) : t('freed.ram', { ram });
  };
  return {
    madeRoom({ ejected = [] }) {
      const room = ejected.filter(({ forRoom }) => forRoom);
      if (room.length === 0) return undefined;
      const names = new Intl.ListFormat(format.locale).format(room.map(({ modelId }) => name(modelId)));
      const freed = room.flatMap((one) => one.freed ?? []);
      if (freed.length < room.length) return t('freed.forRoom', { count: room.length, names });
      return t('freed.room', { count: room.length, names, memory: memory(sum(freed)) });
    },
    gone(state, id) {
      const one = state.ejected?.findLast(({ modelId, forRoom }) => modelId === id && !forRoom);
      const back = state.status === 'loading' && state.modelId === id;
      if (!one?.freed || back || loadedModels(state).some(({ modelId }) => modelId === id)) return undefined;
      const { freed, unusedMinutes: minutes } = one;
      if (minutes === undefined) return t('freed.ejected', { memory: memory(freed) });
      const words = t('freed.unused', { count: minutes, n: format.count(minutes), memory: memory(freed) });
      return nextModel(state) === id ? `${words} ${t('freed.again')}` : words;
    },
  };
}

const sum = (freed: Freed[]): Freed => ({
  ram: freed.reduce((all, { ram }) => all + ram, 0),
  gpu: freed.reduce((all, { gpu = 0 }) => all + gpu, 0),
});
