/** Settings by name for a chat: chosen, and kept under a name of one's own. */
import { BookmarkPlus, Check, ChevronDown } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { changeTo } from '../../../../shared/answerChoice.ts';
import { type BuiltInPreset, builtInPresets, isPreset, withPreset } from '../../../../shared/presets.ts';
import type { AnswerSettings } from '../../../../shared/schemas/answer.ts';
import { useStores } from '../../../stores/index.ts';
import { Button } from '../../../ui/Button.tsx';
import { Menu, MenuHeading, MenuItem, MenuLine } from '../../../ui/Menu.tsx';
import { offerUndo } from '../../../ui/toasts.tsx';
import { useRun } from '../../../useRun.ts';
import type { AnswerFieldProps } from './SamplingFields.tsx';

const builtIn = Object.keys(builtInPresets) as BuiltInPreset[];

/** A button with the list, and a field for a new name when it is asked for. */
export function Presets({ own, onChange }: Pick<AnswerFieldProps, 'own' | 'onChange'>) {
  const { t } = useTranslation('answers');
  const run = useRun();
  const { settings } = useStores();
  const presets = useStore(settings, (state) => state.settings.presets);
  const [name, setName] = useState<string>();

  const apply = (title: string, preset: AnswerSettings): void => {
    const next = withPreset(own, preset);
    onChange(changeTo(own, next));
    offerUndo(t('preset.applied', { name: title }), t('undo'), () => onChange(changeTo(next, own)));
  };
  const save = async (): Promise<void> => {
    const title = name?.trim();
    if (!title) return;
    const saved = { id: crypto.randomUUID(), name: title, settings: own };
    if (await run(settings.getState().change({ presets: [...presets.filter((each) => each.name !== title), saved] }))) setName(undefined);
  };
  const marked = (preset: AnswerSettings) => (isPreset(own, preset) ? { icon: Check } : {});

  if (name !== undefined)
    return (
      <form
        className="flex w-full items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          // The form stands in the composer's tree, though not in its place.
          event.stopPropagation();
          void save();
        }}
      >
        <input
          // biome-ignore lint/a11y/noAutofocus: it was just asked for.
          autoFocus
          aria-label={t('preset.name')}
          placeholder={t('preset.name')}
          maxLength={80}
          value={name}
          onChange={({ target }) => setName(target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.stopPropagation();
            setName(undefined);
          }}
          className="h-7 min-w-0 flex-1 rounded-md border border-line-strong bg-surface-0 px-2"
        />
        <Button type="submit" kind="primary" disabled={name.trim() === ''}>
          {t('preset.save')}
        </Button>
        <Button type="button" onClick={() => setName(undefined)}>
          {t('preset.cancel')}
        </Button>
      </form>
    );
  return (
    <Menu
      trigger={
        <Button type="button">
          {t('preset.title')}
          <ChevronDown aria-hidden size={14} />
        </Button>
      }
    >
      <MenuHeading>{t('preset.builtIn')}</MenuHeading>
      {builtIn.map((each) => (
        <MenuItem key={each} {...marked(builtInPresets[each])} onClick={() => apply(t(`preset.names.${each}`), builtInPresets[each])}>
          {t(`preset.names.${each}`)}
        </MenuItem>
      ))}
      {presets.length > 0 && <MenuLine />}
      {presets.length > 0 && <MenuHeading>{t('preset.yours')}</MenuHeading>}
      {presets.map((preset) => (
        <MenuItem key={preset.id} {...marked(preset.settings)} onClick={() => apply(preset.name, preset.settings)}>
          {preset.name}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem icon={BookmarkPlus} disabled={Object.keys(own).length === 0} onClick={() => setName('')}>
        {t('preset.saveAs')}
      </MenuItem>
    </Menu>
  );
}
