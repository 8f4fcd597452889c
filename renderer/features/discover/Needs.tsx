/** What a quantization takes of this machine's memory. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { type Estimate, fullestCard } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { classes } from '../../ui/classes.ts';
import { MemoryBar } from '../../ui/MemoryBar.tsx';
import { Skeleton } from '../../ui/Notice.tsx';
import { cardParts, sideParts, sidesOf } from '../models/machine.ts';
import { useCardWords } from '../models/useCardWords.ts';

/**
 * The number of the side that matters and its bar; what goes to the RAM besides stands beside it. Of several cards the bar is that of
 * the fullest, which is named: whether a model fits goes by it.
 */
export function Needs({ estimate, stale, failed }: { estimate: Estimate | undefined; stale: boolean; failed: boolean }) {
  const { t } = useTranslation(['discover', 'app']);
  const format = useFormat();
  const { hardware, cards } = useStore(useStores().hardware);
  const words = useCardWords(cards ?? estimate?.cards ?? []);
  if (!estimate || !hardware) return failed ? <span className="text-text-2">{t('noPrice')}</span> : <Skeleton className="h-3.5" />;
  const [main, other] = sidesOf(estimate, hardware);
  const card = main.where === 'gpu' ? fullestCard(estimate) : undefined;
  const number = format.memory(main.needed);
  return (
    <div className={classes('flex flex-col gap-0.5', stale && 'text-text-3')}>
      <div
        className={classes(
          'flex h-4 flex-wrap items-baseline justify-between gap-x-2 overflow-hidden leading-4 whitespace-nowrap tabular-nums @max-[700px]:text-xs',
          card && 'text-xs',
        )}
      >
        <span>{estimate.basis === 'about' ? t('about', { size: number }) : number}</span>
        {card && (
          <span className="text-xs text-text-2" title={t('cards.fullest', { name: words.name(card) })}>
            {t('cards.nth', { n: card.id + 1 })}
          </span>
        )}
        {other && other.where === 'ram' && other.needed > 0 && (
          <span className="text-xs text-text-2">{t('extraRam', { size: format.memory(other.needed) })}</span>
        )}
      </div>
      {card ? (
        <MemoryBar where={words.name(card)} parts={cardParts(card)} total={card.total} planned />
      ) : (
        <MemoryBar where={t(`app:memory.${main.where}`)} parts={sideParts(main)} total={main.total} planned />
      )}
    </div>
  );
}
