/** Our signature: a machine's memory with what takes it, each part by colour and pattern, and by word where there is room. */
import { Meter } from '@base-ui/react/meter';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n.ts';
import { classes } from './classes.ts';

export const partKinds = ['weights', 'kvCache', 'state', 'compute', 'projector'] as const;
/** `model`: all parts of the model together; `models`: other models that are loaded; `other`: other programs; `used`: whatever is in use before a model is loaded. */
export type PartKind = (typeof partKinds)[number] | 'model' | 'models' | 'other' | 'used' | 'free';

export interface Part {
  kind: PartKind;
  bytes: number;
}

interface Props {
  /** `GPU memory`, `RAM`, or the card's name. */
  where: string;
  parts: readonly Part[];
  /** Bytes that are there in all. */
  total: number;
  /** The model's parts are not taken yet: a dashed frame says so. */
  planned?: boolean;
  className?: string;
}

const fills: Record<PartKind, string> = {
  weights: 'part-weights',
  kvCache: 'part-kvCache',
  state: 'part-state',
  compute: 'part-compute',
  projector: 'part-projector',
  model: 'part-model',
  models: 'part-models',
  other: 'part-other',
  used: 'part-other',
  free: 'part-free',
};

/** A square of a part's fill, for legends. */
export const PartSwatch = ({ kind }: { kind: PartKind }) => (
  <span aria-hidden className={classes('inline-block size-2.5 rounded-[2px] border border-line-strong', fills[kind])} />
);

const isOthers = ({ kind }: Part): boolean => kind === 'models' || kind === 'other' || kind === 'used';

/** The bar. What is needed beyond `total` goes on behind a line. */
export function MemoryBar({ where, parts, total, planned = false, className }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const there = parts.filter((part) => part.bytes > 0);
  const used = there.reduce((sum, part) => sum + part.bytes, 0);
  const over = used > total;
  const scale = Math.max(used, total, 1);
  const model = there.filter((part) => !isOthers(part));
  const before = there.slice(
    0,
    there.findIndex((part) => !isOthers(part)),
  );
  const share = (some: readonly Part[]): string => `${(some.reduce((sum, part) => sum + part.bytes, 0) / scale) * 100}%`;
  const head = t(over ? 'memory.barOver' : 'memory.bar', { where, used: format.memory(used), total: format.memory(total) });
  const words = there.map((part) => t('memory.part', { name: t(`memory.${part.kind}`), size: format.memory(part.bytes) }));

  return (
    <Meter.Root
      aria-label={where}
      max={Math.round(scale)}
      value={Math.round(used)}
      getAriaValueText={() => [head, ...words].join('; ')}
      title={[head, ...words].join('\n')}
      className={classes('part-free relative flex h-3.5 overflow-hidden rounded-sm border border-line-strong', className)}
    >
      {there.map((part) => (
        <span
          key={part.kind}
          // A line between parts, where a part is wide enough to have one.
          className={classes('h-full', part.bytes / scale > 0.015 && 'border-r border-surface-0', fills[part.kind])}
          style={{ width: `${(part.bytes / scale) * 100}%` }}
        />
      ))}
      {planned && model.length > 0 && (
        <span className="absolute inset-y-0 rounded-sm border border-dashed border-text-1" style={{ left: share(before), width: share(model) }} />
      )}
      {over && (
        <span
          title={t('memory.limit')}
          className="absolute inset-y-0 border-l-2 border-dashed border-text-1 bg-surface-0/50"
          style={{ left: `${(total / scale) * 100}%`, right: 0 }}
        />
      )}
    </Meter.Root>
  );
}
