/** Pages between the alternatives at one place of a chat. */
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Turn } from '../../../shared/schemas/chat.ts';
import { useStores } from '../../stores/index.ts';
import { IconButton } from '../../ui/Button.tsx';
import { useAct } from './useAct.ts';

/** "2/3" with a way to either side; nothing where there is one alternative only. */
export function Pager({ turn: { id, siblings } }: { turn: Turn }) {
  const { t } = useTranslation('chat');
  const { turn } = useStores();
  const act = useAct();
  if (siblings.length < 2) return null;
  const index = siblings.indexOf(id);
  const choose = (by: number) => () => {
    const next = siblings[index + by];
    if (next !== undefined) act(turn.getState().choose(next));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be for form fields.
    <span role="group" aria-label={t('pager.label')} className="inline-flex items-center">
      <IconButton icon={ChevronLeft} label={t('pager.previous')} disabled={index <= 0} onClick={choose(-1)} />
      <span className="min-w-7 text-center tabular-nums">
        <span aria-hidden>{t('pager.position', { index: index + 1, total: siblings.length })}</span>
        <span className="sr-only">{t('pager.spoken', { index: index + 1, total: siblings.length })}</span>
      </span>
      <IconButton icon={ChevronRight} label={t('pager.next')} disabled={index >= siblings.length - 1} onClick={choose(1)} />
    </span>
  );
}
