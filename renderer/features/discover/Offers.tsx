/** Who offers this size of the model, and the way to take it from somebody else. */
import { ChevronDown } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { ModelDetail } from '../../../shared/schemas/hub.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Menu, MenuHeading, MenuItem } from '../../ui/Menu.tsx';
import { offersLike } from './families.ts';

/** `from unsloth/Qwen3.5-9B-GGUF (1.6M downloads a month)`; a menu where others have it too. */
export function Offers({ repo, detail }: { repo: string; detail: ModelDetail | undefined }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { search, ui } = useStores();
  const models = useStore(search, (state) => state.models);
  const offers = useMemo(() => offersLike(models ?? [], repo), [models, repo]);
  const summary = detail ?? offers.find(({ id }) => id === repo);
  const loads = summary && t('downloads', { count: summary.downloads, n: format.compact(summary.downloads) });
  const words = (
    <>
      <span className="truncate">{t('from', { repo })}</span>
      {loads && <span className="shrink-0 text-text-2 tabular-nums">({loads})</span>}
    </>
  );
  if (offers.length < 2) return <p className="flex min-w-0 gap-1.5">{words}</p>;
  return (
    <Menu
      trigger={
        <button type="button" className="-mx-1.5 flex h-7 min-w-0 items-center gap-1.5 self-start rounded-md px-1.5 select-none hover:bg-surface-2">
          {words}
          <ChevronDown aria-hidden size={14} className="shrink-0 text-text-2" />
        </button>
      }
    >
      <MenuHeading>{t('offers')}</MenuHeading>
      {offers.map((model) => (
        <MenuItem
          key={model.id}
          detail={[
            format.compact(model.downloads),
            t('likes', { count: model.likes, n: format.compact(model.likes) }),
            model.updatedAt && format.day(model.updatedAt),
            model.licence,
          ]
            .filter(Boolean)
            .join(' · ')}
          onClick={() => ui.getState().go('discover', model.id)}
        >
          {model.id}
        </MenuItem>
      ))}
    </Menu>
  );
}
