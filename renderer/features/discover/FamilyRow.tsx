/** A family in the results: its sizes to choose from, and how far each fits this computer. */
import { Eye, Lock } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ModelTraits } from '../../../shared/schemas/hub.ts';
import { runsWell } from '../../stores/filters.ts';
import { toHash } from '../../stores/ui.ts';
import { classes } from '../../ui/classes.ts';
import { type ShownFamily, type ShownSize, sizedName } from './families.ts';

interface Props {
  family: ShownFamily;
  index: number;
  /** The repository that is open. */
  chosen: string | undefined;
  /** Tab comes here. */
  reachable: boolean;
  cpuOnly: boolean;
}

const traitsOf = ({ known }: ShownSize): ModelTraits | undefined => (typeof known === 'object' ? known : undefined);
const holds = (size: ShownSize, repo: string | undefined): boolean => size.models.some(({ id }) => id === repo);

/** Which size a click on the family opens: the open one, else the largest that runs well, else the first. */
const currentSize = ({ sizes }: ShownFamily, chosen: string | undefined, cpuOnly: boolean): ShownSize =>
  sizes.find((size) => holds(size, chosen)) ??
  sizes.find((size) => {
    const traits = traitsOf(size);
    return traits?.runnable && runsWell(traits, cpuOnly);
  }) ??
  sizes[0];

/** The row; a click beside the sizes opens the current one. */
export function FamilyRow({ family, index, chosen, reachable, cpuOnly }: Props) {
  const { t } = useTranslation('discover');
  const { name, sizes } = family;
  const current = currentSize(family, chosen, cpuOnly);
  const plain = sizes.length === 1 && sizes[0].size === undefined;
  const open = sizes.some((size) => holds(size, chosen));
  const dead = sizes.every((size) => traitsOf(size)?.runnable === false);
  const link = (size: ShownSize, place: number, words: string, look: string) => {
    const [model] = size.models;
    const here = holds(size, chosen);
    const unrunnable = traitsOf(size)?.runnable === false;
    return (
      <a
        key={model.id}
        href={toHash('discover', here ? chosen : model.id)}
        data-result={index}
        data-size={place}
        data-current={size === current || undefined}
        tabIndex={reachable && size === current ? 0 : -1}
        aria-current={here ? 'true' : undefined}
        aria-label={[`${sizedName(name, size.size)}, ${model.id}`, unrunnable && t('unrunnable')].filter(Boolean).join(', ')}
        title={model.id}
        className={classes(
          look,
          // The current size's link covers the row; the others lie above it.
          size === current ? 'after:absolute after:inset-0 after:rounded-md' : 'relative z-1',
          unrunnable && 'border-dashed text-text-3',
        )}
      >
        {words}
      </a>
    );
  };

  return (
    <div className={classes('relative flex flex-col gap-1 rounded-md px-2 py-1.5 select-none hover:bg-surface-1', open && 'bg-surface-2 hover:bg-surface-2')}>
      <p className="flex items-center gap-1.5">
        {plain ? link(sizes[0], 0, name, 'truncate font-medium') : <span className={classes('truncate font-medium', dead && 'text-text-3')}>{name}</span>}
        {sizes.some((size) => traitsOf(size)?.vision ?? size.models[0].vision) && (
          <Eye role="img" aria-label={t('vision')} size={14} className="shrink-0 text-text-2" />
        )}
        {current.models[0].gated !== 'no' && <Lock role="img" aria-label={t('gated')} size={14} className="shrink-0 text-text-2" />}
      </p>
      {!plain && (
        <p className="flex flex-wrap gap-1">
          {sizes.map((size, place) =>
            link(
              size,
              place,
              size.size ?? t('otherSize'),
              'rounded-sm border border-line-strong bg-surface-0 px-1.5 text-xs leading-5 tabular-nums hover:border-accent aria-[current]:border-accent aria-[current]:bg-accent aria-[current]:text-on-accent',
            ),
          )}
        </p>
      )}
      <FitLine family={family} cpuOnly={cpuOnly} />
    </div>
  );
}

/** What fits, in one line that is always there. */
function FitLine({ family: { sizes }, cpuOnly }: { family: ShownFamily; cpuOnly: boolean }) {
  const { t } = useTranslation('discover');
  const known = sizes.flatMap((size) => {
    const traits = traitsOf(size);
    return traits ? [{ size: size.size, traits }] : [];
  });
  const to = ({ size, traits }: (typeof known)[number]): string =>
    size === undefined ? (traits.best?.label ?? '') : t('upTo', { size, label: traits.best?.label });
  const well = known.filter(({ traits }) => traits.runnable && runsWell(traits, cpuOnly));
  const partly = known.findLast(({ traits }) => traits.runnable && (traits.best?.verdict === 'partial' || traits.best?.verdict === 'ram'));
  const dead = known.find(({ traits }) => !traits.runnable);
  const coming = sizes.some((size) => size.known === 'coming');
  const text =
    well.length > 0
      ? t('fitsTo', { list: well.slice(0, 3).map(to).join(', ') })
      : coming
        ? t('checking')
        : partly
          ? t(partly.traits.best?.verdict === 'ram' ? 'ramTo' : 'partlyTo', { list: to(partly) })
          : dead
            ? t('unknownArchitecture', { name: dead.traits.architecture ?? '?' })
            : known.length > 0
              ? t('nothingFits')
              : t('notTold');
  return (
    <p className="truncate text-xs text-text-2 tabular-nums" title={text}>
      {text}
      {coming && well.length > 0 && ` · ${t('checking')}`}
    </p>
  );
}
