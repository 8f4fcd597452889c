/** Before anything is searched: this machine, and what of the models that people talk about now runs on it. */
import { Cpu, Eye } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { groupFamilies } from '../../../shared/family.ts';
import { licenceOf } from '../../../shared/licence.ts';
import type { ModelTraits } from '../../../shared/schemas/hub.ts';
import { useFormat } from '../../i18n.ts';
import { runsWell } from '../../stores/filters.ts';
import { useStores } from '../../stores/index.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { Skeleton } from '../../ui/Notice.tsx';
import { Verdict } from '../../ui/Verdict.tsx';
import { hasGpu } from '../models/machine.ts';
import { sizedName } from './families.ts';

/** How many families are looked at, and how many sizes of each: every one costs the hub a header. */
const familiesAsked = 8;
const sizesAsked = 4;

interface Card {
  name: string;
  repo: string;
  traits: ModelTraits;
}

/** The cards in three groups, pictures first. */
export function StartPage() {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { search, traits: store, hardware: machine } = useStores();
  const hardware = useStore(machine, (state) => state.hardware);
  const models = useStore(search, (state) => state.models);
  const error = useStore(search, (state) => state.error);
  const traits = useStore(store, (state) => state.traits);
  const families = useMemo(() => groupFamilies(models ?? []).slice(0, familiesAsked), [models]);
  const wanted = families.flatMap(({ sizes }) => sizes.slice(-sizesAsked).flatMap((size) => size.models.slice(0, 1).map(({ id }) => id))).join(' ');
  useEffect(() => {
    store.getState().want('start', wanted === '' ? [] : wanted.split(' '));
  }, [store, wanted]);
  useEffect(() => () => store.getState().want('start', []), [store]);

  const cpuOnly = hardware !== undefined && !hasGpu(hardware);
  const groups: Record<'fits' | 'memory' | 'new', Card[]> = { fits: [], memory: [], new: [] };
  let coming = 0;
  for (const { name, sizes } of families) {
    const asked = sizes.slice(-sizesAsked).flatMap(({ size, models: [model] }) => (model ? [{ name: sizedName(name, size), repo: model.id }] : []));
    const known = asked.flatMap((each) => {
      const found = traits[each.repo];
      return typeof found === 'object' ? [{ ...each, traits: found }] : [];
    });
    if (asked.some(({ repo }) => traits[repo] === undefined)) coming++;
    const runnable = known.filter((each) => each.traits.runnable && each.traits.best && each.traits.best.verdict !== 'no');
    // The largest that runs well, else the smallest that runs at all.
    const best = runnable.find((each) => runsWell(each.traits, cpuOnly)) ?? runnable.at(-1);
    if (!best) {
      const large = known.findLast((each) => each.traits.runnable);
      if (large && known.length === asked.length) groups.new.push(large);
    } else if (best.traits.best?.verdict === 'fits' || best.traits.best?.verdict === 'tight') groups.fits.push(best);
    else groups.memory.push(best);
  }
  const waiting = !error && (models === undefined || coming > 0);
  const shown = (Object.keys(groups) as (keyof typeof groups)[]).filter((group) => groups[group].length > 0);

  return (
    <div className="@container h-full overflow-y-auto p-5">
      <h2 className="text-xl font-semibold">{t('start.title')}</h2>
      <p className="mt-1 flex min-h-5 items-start gap-2 text-text-2 tabular-nums">
        <Cpu aria-hidden size={16} className="mt-0.5 shrink-0" />
        <span>
          {hardware &&
            (hasGpu(hardware)
              ? t(hardware.vram.free === null ? 'start.gpuUnknown' : 'start.gpu', {
                  gpu: hardware.gpus[0] ?? t('start.someGpu'),
                  vram: format.memory(hardware.vram.total),
                  free: format.memory(hardware.vram.free ?? 0),
                  ram: format.memory(hardware.ram.total),
                })
              : t('start.noGpu', { ram: format.memory(hardware.ram.total), free: format.memory(hardware.ram.free) }))}
        </span>
      </p>
      {shown.map((group) => (
        <section key={group} aria-label={t(`start.${group}`)} className="mt-5">
          <h3 className="mb-2 font-semibold">{t(`start.${group}`)}</h3>
          <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(240px,100%),1fr))] gap-2">
            {groups[group]
              .toSorted((a, b) => Number(b.traits.vision) - Number(a.traits.vision))
              .map((card) => (
                <ModelCardTile key={card.repo} card={card} />
              ))}
          </ul>
        </section>
      ))}
      {waiting && (
        <section aria-label={t('start.looking')} aria-busy className="mt-5">
          <p className="mb-2 text-text-2">{t('start.looking')}</p>
          <div className="grid grid-cols-[repeat(auto-fill,minmax(min(240px,100%),1fr))] gap-2">
            {['a', 'b', 'c'].slice(0, Math.max(1, coming || 3)).map((key) => (
              <div key={key} className="flex h-32 flex-col gap-2 rounded-md border border-line p-3">
                <Skeleton className="w-1/2" />
                <Skeleton className="w-3/4" />
                <Skeleton className="w-1/3" />
              </div>
            ))}
          </div>
        </section>
      )}
      {!waiting && shown.length === 0 && <p className="mt-5 text-text-2">{t('start.nothing')}</p>}
    </div>
  );
}

function ModelCardTile({ card: { name, repo, traits } }: { card: Card }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { ui } = useStores();
  const { best } = traits;
  const facts = [
    traits.contextLength !== undefined && t('contextShort', { n: format.context(traits.contextLength) }),
    traits.licence !== undefined && licenceOf(traits.licence).name,
  ].filter((fact) => typeof fact === 'string');
  return (
    <li className="flex min-h-32 flex-col gap-1.5 rounded-md border border-line p-3">
      <p className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate font-medium" title={repo}>
          {name}
        </span>
        {traits.vision && <Badge icon={Eye}>{t('vision')}</Badge>}
      </p>
      <p className="truncate text-xs text-text-2 tabular-nums">{facts.join(' · ')}</p>
      {best ? (
        <p className="text-xs tabular-nums">
          {best.label} · {t('start.file', { size: format.fileSize(best.size), needs: format.memory(best.needs) })}
        </p>
      ) : (
        <p className="text-xs text-text-2">{t('nothingFits')}</p>
      )}
      <div className="mt-auto flex items-end justify-between gap-2">
        <span className="text-xs">{best && <Verdict verdict={best.verdict} layers={best.layers} />}</span>
        <Button aria-label={t('start.openNamed', { name })} onClick={() => ui.getState().go('discover', repo)}>
          {t('start.open')}
        </Button>
      </div>
    </li>
  );
}
