/** What was said before a load that it would take, beside what it took. */
import { useTranslation } from 'react-i18next';
import type { EngineState } from '../../../shared/schemas/engine.ts';
import { splitTotal } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';

/** `GPU: predicted 8.61 GB, used 8.63 GB`, a line for each side that is used; none where either number is not known. */
export function usePrediction(state: EngineState): string[] {
  const { t } = useTranslation('models');
  const { locale, memory: short } = useFormat();
  if (state.status !== 'ready' || !state.predicted || !state.model.memory) return [];
  // Two places, so that the difference shows; counted in 2^30 as every size of memory here.
  const size = (bytes: number): string =>
    bytes < 2 ** 30
      ? short(bytes)
      : new Intl.NumberFormat(locale, { style: 'unit', unit: 'gigabyte', minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(bytes / 2 ** 30);
  const {
    predicted,
    model: { memory },
  } = state;
  return (['gpu', 'ram'] as const).flatMap((where) => {
    const [said, took] = [splitTotal(predicted[where]), splitTotal(memory[where])];
    return said + took > 0 ? [t(`where.${where}`, { text: t('predicted', { predicted: size(said), used: size(took) }) })] : [];
  });
}
