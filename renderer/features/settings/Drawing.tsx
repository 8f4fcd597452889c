/** How words are drawn where no chat and no model says it, and the person's presets. */
import { ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { changed, chooseAnswer } from '../../../shared/answerChoice.ts';
import type { AnswerChange } from '../../../shared/schemas/answer.ts';
import type { Settings } from '../../../shared/schemas/settings.ts';
import { LengthField, SamplingFields } from '../chat/settings/SamplingFields.tsx';
import { PresetList } from './PresetList.tsx';

/** Temperature and length, the rest behind a line that opens. */
export function Drawing({ settings, onChange }: { settings: Settings; onChange(patch: Partial<Settings>): void }) {
  const { t } = useTranslation('answers');
  const own = settings.sampling;
  const fields = {
    global: true,
    own,
    choice: chooseAnswer({ settings }),
    inherited: chooseAnswer({ settings: { ...settings, sampling: {} } }),
    onChange: (change: AnswerChange) => onChange({ sampling: changed(own, change) }),
  };
  return (
    <>
      <SamplingFields fields={['temperature']} {...fields} />
      <LengthField {...fields} />
      <details className="group/more">
        <summary className="flex w-fit cursor-pointer items-center gap-1 rounded-md pr-1.5 select-none">
          <ChevronRight aria-hidden size={16} className="transition-transform group-open/more:rotate-90" />
          {t('drawing')}
        </summary>
        <div className="flex flex-col gap-3 pt-2 pl-5">
          <p className="text-xs text-text-2">{t('drawingHint')}</p>
          <SamplingFields fields={['topK', 'topP', 'minP', 'repeatPenalty', 'presencePenalty', 'seed']} {...fields} />
          <PresetList presets={settings.presets} onChange={(presets) => onChange({ presets })} />
        </div>
      </details>
    </>
  );
}
