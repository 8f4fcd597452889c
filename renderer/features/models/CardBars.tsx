/** The cards that a model would lie on, each with what it would hold of the memory that it has. */
import { OctagonX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Estimate } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { MemoryBar } from '../../ui/MemoryBar.tsx';
import { inUse } from './machine.ts';
import { useCards } from './useCards.ts';
import { useCardWords } from './useCardWords.ts';

/** A bar for each; those that would hold more than they have free say how much. */
export function CardBars({ cards }: { cards: NonNullable<Estimate['cards']> }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const all = useCards() ?? [];
  const words = useCardWords(all.length > 0 ? all : cards);
  return (
    <ul aria-label={t('cards.title')} className="flex flex-col gap-2">
      {cards.map((card) => {
        const used = inUse(card);
        const short = card.needs - (card.free ?? card.total);
        return (
          <li key={card.id} className="flex flex-col gap-1">
            <div className="flex justify-between gap-4 text-xs text-text-2">
              <span className="truncate">{words.name(card)}</span>
              <span className="flex shrink-0 gap-2 tabular-nums">
                {short > 0 && (
                  <span className="flex items-center gap-1 text-too-large">
                    <OctagonX aria-hidden size={12} />
                    {t('cards.short', { size: format.memory(short) })}
                  </span>
                )}
                {format.memoryOf(used + card.needs, card.total)}
              </span>
            </div>
            <MemoryBar
              where={words.name(card)}
              parts={[
                { kind: 'used', bytes: used },
                { kind: 'model', bytes: card.needs },
              ]}
              total={card.total}
              planned
            />
          </li>
        );
      })}
    </ul>
  );
}
