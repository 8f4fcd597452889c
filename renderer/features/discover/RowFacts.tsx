/** What an opened row tells besides its memory: longest contexts, speed, quality and their sources. */
import { useTranslation } from 'react-i18next';
import { quantizationQuality } from '../../../shared/quality.ts';
import type { Quantization } from '../../../shared/schemas/hub.ts';
import type { ContextLimits, Estimate } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { Facts } from '../../ui/Facts.tsx';
import { useOnDisk, whereOf } from '../models/onDisk.ts';
import { limitsLine, qualitySource, speedWords } from './rowWords.ts';

/** The facts, one line each. */
export function RowFacts({ quantization, estimate, limits }: { quantization: Quantization; estimate: Estimate; limits: ContextLimits | undefined }) {
  const { t } = useTranslation(['discover', 'models']);
  const onDisk = useOnDisk(quantization);
  const format = useFormat();
  const quality = quantizationQuality(quantization);
  const { speed } = estimate;
  const facts: [string, string][] = [
    [t('columns.limit'), limits ? limitsLine(t, format, limits) : '…'],
    [t('columns.speed'), speed ? `${speedWords(t, format, speed)}, ${t(speed.measured ? 'speed.measuredHere' : 'speed.predicted')}` : t('noPrice')],
    [t('columns.quality'), [t(`quality.${quality.word}`), qualitySource(t, format, quality)].filter(Boolean).join(', ')],
  ];
  const bits = estimate.bitsPerWeight ?? quantization.bitsPerWeight;
  if (bits !== undefined) {
    const n = new Intl.NumberFormat(format.locale, { maximumFractionDigits: 2, minimumFractionDigits: 2 }).format(bits);
    facts.push([t('bitsPerWeight'), n]);
  }
  if (onDisk) facts.push([t('models:onDiskLabel'), t('models:onDisk', { where: whereOf(onDisk) })]);
  return (
    <div className="pb-3 text-xs">
      <Facts facts={facts} />
    </div>
  );
}
