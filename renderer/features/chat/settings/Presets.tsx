/** Settings by name, to choose for a chat. */
import { Check, ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { changeTo } from '../../../../shared/answerChoice.ts';
import { type BuiltInPreset, builtInPresets, isPreset, withPreset } from '../../../../shared/presets.ts';
import type { AnswerSettings } from '../../../../shared/schemas/answer.ts';
import { useStores } from '../../../stores/index.ts';
import { Button } from '../../../ui/Button.tsx';
import { Menu, MenuHeading, MenuItem, MenuLine } from '../../../ui/Menu.tsx';
import { offerUndo } from '../../../ui/toasts.tsx';
import type { AnswerFieldProps } from './SamplingFields.tsx';

const builtIn = Object.keys(builtInPresets) as BuiltInPreset[];

/** A button with the list. */
export function Presets({ own, onChange }: Pick<AnswerFieldProps, 'own' | 'onChange'>) {
  const { t } = useTranslation('answers');
  const { settings } = useStores();
  const presets = useStore(settings, (state) => state.settings.presets);

  const apply = (title: string, preset: AnswerSettings): void => {
    const next = withPreset(own, preset);
    onChange(changeTo(own, next));
    offerUndo(t('preset.applied', { name: title }), t('undo'), () => onChange(changeTo(next, own)));
  };
  const marked = (preset: AnswerSettings) => (isPreset(own, preset) ? { icon: Check } : {});

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
    </Menu>
  );
}
