/** How a model's answers are given: what its makers recommend, and what is kept for it. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { AnswerKey, AnswerSettings } from '../../../shared/schemas/answer.ts';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { offerUndo } from '../../ui/toasts.tsx';
import { useRun } from '../../useRun.ts';

/** Nothing where there is neither. */
export function ModelAnswers({ model }: { model: LibraryModel }) {
  const { t } = useTranslation('answers');
  const format = useFormat();
  const run = useRun();
  const { settings } = useStores();
  const all = useStore(settings, (state) => state.settings.modelAnswers);
  const kept = all[model.id];

  const words = (key: AnswerKey, { [key]: value }: AnswerSettings): string => {
    if (key === 'maxTokens' && value === 0) return t('noMaxTokens');
    if (typeof value === 'number') return value.toLocaleString(format.locale, { maximumFractionDigits: 3 });
    if (typeof value === 'boolean') return t(value ? 'on' : 'off');
    if (value === 'stop' || value === 'dropOldest' || value === 'keepEnds') return t(`overflows.${value}`);
    return value || t('noPrompt');
  };
  const facts = (of: AnswerSettings): [string, string][] => (Object.keys(of) as AnswerKey[]).map((key) => [t(`name.${key}`), words(key, of)]);
  const forget = async (): Promise<void> => {
    const { [model.id]: _, ...others } = all;
    if (!(await run(settings.getState().change({ modelAnswers: others })))) return;
    offerUndo(t('model.forgotten', { name: model.name }), t('undo'), () => {
      const now = settings.getState().settings.modelAnswers;
      void run(settings.getState().change({ modelAnswers: { ...now, ...(kept && { [model.id]: kept }) } }));
    });
  };

  if (!model.sampling && !kept) return null;
  return (
    <div className="flex flex-col items-start gap-3 border-t border-line pt-4">
      {model.sampling && (
        <section aria-label={t('model.recommends')}>
          <h3 className="mb-1 font-medium">{t('model.recommends')}</h3>
          <Facts facts={facts(model.sampling)} />
        </section>
      )}
      {kept && (
        <section aria-label={t('model.kept')} className="flex flex-col items-start gap-2">
          <h3 className="font-medium">{t('model.kept')}</h3>
          <Facts facts={facts(kept)} />
          <Button onClick={() => void forget()}>{t('model.forget')}</Button>
        </section>
      )}
    </div>
  );
}
