/** What of a load's settings does not hold, said with why and what helps. */
import { useTranslation } from 'react-i18next';
import type { Unmet } from '../../../shared/schemas/engine.ts';
import { useFormat } from '../../i18n.ts';

/** A sentence or two for each reason. */
export function useUnmet(): (unmet: readonly Unmet[]) => string[] {
  const { t } = useTranslation('engine');
  const format = useFormat();
  return (unmet) => {
    const whys = [...new Set(unmet.map(({ why }) => why))];
    const settings = (of: Unmet['why']): string[] => unmet.filter(({ why }) => why === of).map(({ setting }) => t(`unmet.setting.${setting}`));
    return whys.map((why) => t(`unmet.why.${why}`, { list: new Intl.ListFormat(format.locale).format(settings(why)) }));
  };
}
