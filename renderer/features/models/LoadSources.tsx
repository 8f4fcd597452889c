/** Where each setting of a load comes from, and whether it is kept for the model. */
import { useTranslation } from 'react-i18next';
import { chooseLoad, type LoadPart, type LoadSource, ownPart } from '../../../shared/loadChoice.ts';
import { type LoadSettings, usualLoad } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { Switch } from '../../ui/Switch.tsx';

interface Props {
  /** As they are chosen now. */
  value: LoadSettings;
  global: LoadSettings;
  own: LoadPart | undefined;
  /** As the load began. */
  base: LoadSettings;
  keep: boolean;
  onKeep(keep: boolean): void;
}

export function LoadSources({ value, global, own, base, keep, onKeep }: Props) {
  const { t } = useTranslation('engine');
  const { locale } = useFormat();
  const { from } = chooseLoad({ request: ownPart(value, base), model: own, global });
  // What is kept but was taken away now has no place where it comes from.
  const there = (Object.keys(from) as (keyof LoadSettings)[]).filter((key) => key in { ...usualLoad, ...value });
  const named = (source: LoadSource): string =>
    new Intl.ListFormat(locale).format(there.filter((key) => from[key] === source).map((key) => t(`setting.${key}`)));
  const lines = (['request', 'model', 'global'] as const).map((source) => [source, named(source)] as const).filter(([, list]) => list !== '');
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
      <ul className="text-xs text-text-2">
        {lines.map(([source, list]) => (
          <li key={source}>{t(`from.${source}`, { list })}</li>
        ))}
      </ul>
      <Switch label={t('keep')} hint={t('keepHint')} checked={keep} onChange={onKeep} />
    </div>
  );
}
