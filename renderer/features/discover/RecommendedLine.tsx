/** Which row to take and why, in a sentence. */
import { Star } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Recommendation } from '../../../shared/recommend.ts';
import { expertsOf } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';

/** The sentence; its place is kept while there is none. */
export function RecommendedLine({ recommended }: { recommended: Recommendation | undefined }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  if (!recommended) return <p className="h-10" />;
  const { label, quality, context, free, layers, instead } = recommended;
  const needs = ({ needs, card }: Pick<Recommendation, 'needs' | 'card'>): string =>
    card ? t('recommend.onCard', { size: format.memory(needs), n: card.id + 1 }) : format.memory(needs);
  const values = {
    label,
    quality: t(`quality.${quality}`),
    size: format.context(context),
    needs: needs(recommended),
    free: free === null ? t('noPrice') : format.memory(free),
    onGpu: layers.onGpu,
    total: layers.total,
    ...expertsOf(layers),
  };
  return (
    <p className="flex min-h-10 items-start gap-1.5 px-4 py-2 text-xs text-text-2 tabular-nums">
      <Star aria-hidden size={12} className="mt-0.5 shrink-0 fill-current text-accent" />
      <span>
        {t(`recommend.${wordOf(recommended)}`, values)}
        {instead &&
          ` ${t(`recommend.instead.${whyNot(instead)}`, { ...instead.layers, ...expertsOf(instead.layers), label: instead.label, needs: needs(instead) })}`}
      </span>
    </p>
  );
}

const wordOf = ({ reason, free, layers }: Recommendation) => {
  if (reason === 'tightBest' && free === null) return 'unknownBest';
  return reason === 'partialBest' && layers.expertsInRam ? 'expertsBest' : reason;
};

/** Of one that is partly on the GPU, its layers say more than its bytes there. */
const whyNot = ({ why, layers }: NonNullable<Recommendation['instead']>) => {
  if (why !== 'tooBig') return why;
  if (layers.expertsInRam) return 'experts';
  return layers.onGpu > 0 && layers.onGpu < layers.total ? 'partial' : why;
};
