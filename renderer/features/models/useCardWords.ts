/** One of several cards, in words. */
import { useTranslation } from 'react-i18next';
import type { Card } from '../../../shared/schemas/hardware.ts';
import { useFormat } from '../../i18n.ts';

export function useCardWords(cards: readonly Pick<Card, 'id' | 'name'>[]): {
  /** Its name, with its number where another one is called the same. */
  name(card: Pick<Card, 'id' | 'name'>): string;
  /** `12.3 GB free of 24.0 GB`. */
  memory(card: Pick<Card, 'total' | 'free'>): string;
} {
  const { t } = useTranslation(['discover', 'settings']);
  const format = useFormat();
  return {
    name: ({ id, name }) => (cards.some((other) => other.id !== id && other.name === name) ? t('cards.numbered', { name, n: id + 1 }) : name),
    memory({ total, free }) {
      if (free === null) return t('settings:facts.freeUnknown', { total: format.memory(total) });
      return t('settings:facts.free', { free: format.memory(free), total: format.memory(total) });
    },
  };
}
