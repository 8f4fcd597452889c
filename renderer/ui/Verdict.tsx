/** Whether a model fits, by shape, word and colour. */
import { CircleCheck, CircleDashed, CircleDot, type LucideIcon, MemoryStick, OctagonX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { expertsOf, type Verdict as Kind, type Placement } from '../../shared/schemas/memory.ts';
import { classes } from './classes.ts';

const looks: Record<Kind, { icon: LucideIcon; colour: string }> = {
  fits: { icon: CircleCheck, colour: 'text-fits' },
  tight: { icon: CircleDot, colour: 'text-tight' },
  partial: { icon: CircleDashed, colour: 'text-spills' },
  ram: { icon: MemoryStick, colour: 'text-spills' },
  no: { icon: OctagonX, colour: 'text-too-large' },
};

/** The verdict in words; `layers` says how many are on the GPU, and whose experts are not. */
export function Verdict({ verdict, layers }: { verdict: Kind; layers: Placement }) {
  const { t } = useTranslation();
  const { icon: Icon, colour } = looks[verdict];
  const experts = verdict === 'partial' ? expertsOf(layers) : undefined;
  return (
    <span className={classes('inline-flex items-start gap-1.5', colour)}>
      <Icon aria-hidden size={14} className="mt-0.5 shrink-0" />
      <span className="tabular-nums">{experts ? t('verdict.experts', experts) : t(`verdict.${verdict}`, layers)}</span>
    </span>
  );
}
