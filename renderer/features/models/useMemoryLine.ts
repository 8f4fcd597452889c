/** What a model takes, in a line. */
import { useTranslation } from 'react-i18next';
import { type MemorySplit, splitTotal } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';

/** `GPU: 5.3 GB · RAM: 412 MB`, the sides that it is on; empty where llama.cpp does not tell. */
export function useMemoryLine(): (memory: Record<'gpu' | 'ram', MemorySplit> | undefined) => string {
  const { t } = useTranslation('models');
  const format = useFormat();
  return (memory) => {
    if (!memory) return '';
    const sides = (['gpu', 'ram'] as const).filter((side) => splitTotal(memory[side]) > 0);
    return sides.map((side) => t(`where.${side}`, { text: format.memory(splitTotal(memory[side])) })).join(' · ');
  };
}
