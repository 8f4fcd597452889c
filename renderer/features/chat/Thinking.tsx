/** What a model thought before it answered, folded to one line. */
import { ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n.ts';

/** `ms` is how long it thought, once that is known; `running` while it still thinks. */
export function Thinking({ text, ms, running }: { text: string; ms: number | undefined; running: boolean }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const line = running ? t('thinking.now') : ms === undefined ? t('thinking.cut') : t('thinking.done', { time: format.duration(ms) });
  return (
    <details className="group/thinking mb-2 text-text-2">
      <summary className="flex w-fit cursor-default list-none items-center gap-1 rounded-sm select-none hover:text-text-1">
        <ChevronRight aria-hidden size={14} className="group-open/thinking:rotate-90" />
        <span className="tabular-nums">{line}</span>
      </summary>
      <p className="mt-1 ml-1.5 border-l border-line pl-3 wrap-anywhere whitespace-pre-wrap">{text}</p>
    </details>
  );
}
