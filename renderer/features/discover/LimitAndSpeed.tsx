/** How much a quantization can keep in mind on this machine, and how fast it answers. */
import { Gauge } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ContextLimits, Estimate, LoadSettings } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { limitsLine, limitWords, speedWords } from './rowWords.ts';

/** The longest context that fits, and how fast answers come; both lines keep their place. */
export function LimitAndSpeed({ limits, estimate, settings }: { limits: ContextLimits | undefined; estimate: Estimate | undefined; settings: LoadSettings }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const speed = estimate?.speed;
  return (
    <>
      <span className="block" title={limits && limitsLine(t, format, limits)}>
        {limits ? limitWords(t, format, limits, settings.kvType) : estimate ? '…' : ' '}
      </span>
      <span className="flex items-center gap-1 whitespace-nowrap text-text-2" title={speed && t(speed.measured ? 'speed.measuredHere' : 'speed.predicted')}>
        {speed ? speedWords(t, format, speed) : estimate ? '–' : ' '}
        {speed?.measured && <Gauge role="img" aria-label={t('speed.measured')} size={12} className="shrink-0" />}
      </span>
    </>
  );
}
