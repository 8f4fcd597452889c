/** How answers are given in one chat, at a button of its composer. */
import { SlidersHorizontal } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { changeTo } from '../../../../shared/answerChoice.ts';
import { type Overflow, overflow } from '../../../../shared/schemas/answer.ts';
import { useFormat } from '../../../i18n.ts';
import { useStores } from '../../../stores/index.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { Popover } from '../../../ui/Popover.tsx';
import { Select } from '../../../ui/Select.tsx';
import { Switch } from '../../../ui/Switch.tsx';
import { offerUndo } from '../../../ui/toasts.tsx';
import { useRun } from '../../../useRun.ts';
import { Inherited } from './Inherited.tsx';
import { Presets } from './Presets.tsx';
import { PromptField } from './PromptField.tsx';
import { LengthField, SamplingFields } from './SamplingFields.tsx';
import { SavePreset } from './SavePreset.tsx';
import { useAnswerSettings } from './useAnswerSettings.ts';

/** The button, marked where this chat has settings of its own, and what opens at it. */
export function ChatSettings({ chatId }: { chatId: string | undefined }) {
  const { t } = useTranslation('answers');
  const format = useFormat();
  const { own } = useAnswerSettings(chatId);
  const count = Object.keys(own).length;
  return (
    <Popover
      title={t('title')}
      trigger={
        <IconButton
          type="button"
          icon={SlidersHorizontal}
          label={count === 0 ? t('title') : t('titleOwn', { count, n: format.count(count) })}
          className={count > 0 ? 'text-accent!' : undefined}
        />
      }
    >
      <Panel chatId={chatId} />
    </Popover>
  );
}

function Panel({ chatId }: { chatId: string | undefined }) {
  const { t } = useTranslation('answers');
  const { model, ...fields } = useAnswerSettings(chatId);
  const { own, choice, inherited, onChange } = fields;
  const set = choice.settings;
  const hasOwn = Object.keys(own).length > 0;
  const overflowWords = (value: Overflow): string => t(`overflows.${value}`);

  const reset = (): void => {
    onChange(changeTo(own, {}));
    offerUndo(t('resetDone'), t('undo'), () => onChange(changeTo({}, own)));
  };

  return (
    <div className="flex w-[min(32rem,calc(100vw-48px))] flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold">{t('title')}</h2>
        <Presets own={own} onChange={onChange} />
      </div>
      <PromptField
        value={set.systemPrompt}
        onSave={(systemPrompt) => onChange({ set: { systemPrompt } })}
        below={
          <Inherited
            name={t('name.systemPrompt')}
            from={choice.from.systemPrompt}
            back={own.systemPrompt === undefined ? undefined : inherited.settings.systemPrompt.slice(0, 40) || t('noPrompt')}
            onBack={() => onChange({ set: {}, inherit: ['systemPrompt'] })}
          />
        }
      />
      <SamplingFields fields={['temperature', 'topK', 'topP', 'minP', 'repeatPenalty', 'presencePenalty', 'seed']} {...fields} />
      <LengthField {...fields} />
      <div className="flex flex-wrap items-center gap-x-3">
        <Select
          label={t('name.overflow')}
          showLabel
          value={set.overflow}
          options={overflow.options.map((value) => ({ value, label: overflowWords(value) }))}
          onChange={(value) => onChange({ set: { overflow: value } })}
          className="w-60 whitespace-nowrap"
        />
        <Inherited
          name={t('name.overflow')}
          from={choice.from.overflow}
          back={own.overflow === undefined ? undefined : overflowWords(inherited.settings.overflow)}
          onBack={() => onChange({ set: {}, inherit: ['overflow'] })}
        />
      </div>
      <div className="flex flex-wrap items-center gap-x-3">
        <Switch label={t('name.thinking')} checked={set.thinking} onChange={(thinking) => onChange({ set: { thinking } })} />
        <Inherited
          name={t('name.thinking')}
          from={choice.from.thinking}
          back={own.thinking === undefined ? undefined : t(inherited.settings.thinking ? 'on' : 'off')}
          onBack={() => onChange({ set: {}, inherit: ['thinking'] })}
        />
      </div>
      {hasOwn && (
        <div className="flex flex-wrap justify-end gap-2 border-t border-line pt-3">
          <SavePreset own={own} />
          {model && <KeepForModel model={model} own={own} onChange={onChange} />}
          <Button type="button" onClick={reset}>
            {t('reset')}
          </Button>
        </div>
      )}
    </div>
  );
}

/** What is said for this chat is from now on said for every chat with its model. */
function KeepForModel({ model, own, onChange }: Pick<ReturnType<typeof useAnswerSettings>, 'own' | 'onChange'> & { model: { id: string; name: string } }) {
  const { t } = useTranslation('answers');
  const run = useRun();
  const { settings } = useStores();
  const keep = async (): Promise<void> => {
    const { modelAnswers } = settings.getState().settings;
    const kept = { ...modelAnswers, [model.id]: { ...modelAnswers[model.id], ...own } };
    if (!(await run(settings.getState().change({ modelAnswers: kept })))) return;
    onChange(changeTo(own, {}));
    offerUndo(t('keptForModel', { name: model.name }), t('undo'), () => {
      void run(settings.getState().change({ modelAnswers }));
      onChange(changeTo({}, own));
    });
  };
  return (
    <Button type="button" onClick={() => void keep()} className="min-w-0">
      <span className="truncate">{t('keepForModel', { name: model.name })}</span>
    </Button>
  );
}
