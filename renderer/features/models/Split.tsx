/** Where the memory of a model goes, part by part, and for which settings that holds. */
import { useTranslation } from 'react-i18next';
import type { Hardware } from '../../../shared/schemas/hardware.ts';
import { type Estimate, expertsOf, usualLoad } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { MemoryBar, PartSwatch, partKinds } from '../../ui/MemoryBar.tsx';
import { CardBars } from './CardBars.tsx';
import { inUse, type Side, sideParts, sidesOf } from './machine.ts';
import { Programs } from './Programs.tsx';

/** A bar for each side of the machine, or for each of several cards, and the table of their parts. */
export function Split({ label, estimate, hardware }: { label: string; estimate: Estimate; hardware: Hardware }) {
  const { t } = useTranslation(['discover', 'app']);
  const format = useFormat();
  const sides = sidesOf(estimate, hardware);
  const left = (side: Side): number | null => (side.free === null ? null : side.free - side.needed);
  const short = (left(sides[0]) ?? 0) < 0;
  const bytesOf = (side: Side, row: 'total' | 'free' | 'left'): number | null => {
    const rest = left(side);
    if (row === 'left') return rest === null ? null : Math.max(0, short ? -rest : rest);
    return row === 'total' ? side.needed : side.free;
  };
  const { settings, layers, cards } = estimate;
  const experts = expertsOf(layers);
  const place = (side: Side): string => (side.where === 'gpu' ? (hardware.gpus[0] ?? t('app:memory.gpu')) : t('app:memory.ram'));

  return (
    <div className="flex flex-col gap-3 py-3">
      <div className="flex flex-col gap-2">
        {sides.map((side) =>
          side.where === 'gpu' && cards ? (
            <CardBars key={side.where} cards={cards} />
          ) : (
            <div key={side.where} className="flex flex-col gap-1">
              <div className="flex justify-between gap-4 text-xs text-text-2">
                <span className="truncate">{place(side)}</span>
                <span className="shrink-0 tabular-nums">{format.memoryOf(inUse(side) + side.needed, side.total)}</span>
              </div>
              <MemoryBar where={place(side)} parts={sideParts(side)} total={side.total} planned />
            </div>
          ),
        )}
      </div>
      <table className="w-full max-w-120 text-xs tabular-nums">
        <caption className="sr-only">{t('split.caption', { label })}</caption>
        <thead>
          <tr className="text-text-2 *:pb-1 *:font-normal">
            <th scope="col" className="text-left">
              {t('split.part')}
            </th>
            {sides.map((side) => (
              <th key={side.where} scope="col" className="text-right">
                {t(`split.${side.where}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {partKinds
            .filter((kind) => sides.some((side) => side.split[kind] > 0))
            .map((kind) => (
              <tr key={kind}>
                <th scope="row" className="py-0.5 text-left font-normal">
                  <span className="inline-flex items-center gap-2">
                    <PartSwatch kind={kind} />
                    {t(`app:memory.${kind}`)}
                  </span>
                </th>
                {sides.map((side) => (
                  <td key={side.where} className="text-right">
                    {side.split[kind] > 0 ? format.memory(side.split[kind]) : '–'}
                  </td>
                ))}
              </tr>
            ))}
          {(['total', 'free', 'left'] as const).map((row) => (
            <tr key={row} className={row === 'total' ? 'border-t border-line font-medium' : 'text-text-2'}>
              <th scope="row" className={`py-0.5 ${row === 'total' ? 'font-medium' : 'font-normal'} text-left`}>
                {t(row === 'left' && short ? 'split.short' : `split.${row}`)}
              </th>
              {sides.map((side) => {
                const bytes = bytesOf(side, row);
                return (
                  <td key={side.where} className="text-right">
                    {bytes === null ? t('noPrice') : format.memory(bytes)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <Programs />
      <p className="text-xs text-text-2">
        {t('split.holds', {
          size: t('tokens', { n: format.count(settings.contextSize) }),
          kv: settings.kvType,
          flash: t(settings.flashAttention ? 'split.on' : 'split.off'),
          vision: t(settings.vision ? 'split.on' : 'split.off'),
          placed: experts ? t('split.experts', experts) : t('split.layers', { onGpu: layers.onGpu, total: layers.total }),
          batch: format.count(settings.batchSize ?? usualLoad.batchSize),
        })}{' '}
        {t(estimate.basis === 'exact' ? 'split.exact' : experts ? 'split.aboutExperts' : cards && cards.length > 1 ? 'split.aboutCards' : 'split.aboutText')}
      </p>
    </div>
  );
}
