/** The person's presets, to be renamed and deleted. */
import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Preset } from '../../../shared/schemas/answer.ts';
import { useStores } from '../../stores/index.ts';
import { IconButton } from '../../ui/Button.tsx';
import { offerUndo } from '../../ui/toasts.tsx';
import { useTyped } from '../../ui/useTyped.ts';

/** One line for each. */
export function PresetList({ presets, onChange }: { presets: readonly Preset[]; onChange(presets: Preset[]): void }) {
  const { t } = useTranslation('answers');
  const { settings } = useStores();
  const remove = (preset: Preset): void => {
    const at = presets.indexOf(preset);
    onChange(presets.filter((each) => each !== preset));
    // Beside whatever else was changed meanwhile.
    offerUndo(t('preset.deleted', { name: preset.name }), t('undo'), () => onChange(settings.getState().settings.presets.toSpliced(at, 0, preset)));
  };
  return (
    <div className="flex flex-col gap-1">
      <h3 className="text-text-2">{t('preset.list')}</h3>
      {presets.length === 0 && <p className="text-xs text-text-2">{t('preset.none')}</p>}
      <ul aria-label={t('preset.list')} className="flex flex-col gap-1">
        {presets.map((preset) => (
          <li key={preset.id} className="flex items-center gap-1">
            <Name preset={preset} onRename={(name) => onChange(presets.map((each) => (each === preset ? { ...each, name } : each)))} />
            <IconButton icon={Trash2} label={t('preset.delete', { name: preset.name })} onClick={() => remove(preset)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Name({ preset, onRename }: { preset: Preset; onRename(name: string): void }) {
  const { t } = useTranslation('answers');
  const { text, type, done } = useTyped(preset.name, (name) => name.trim() && onRename(name.trim()));
  return (
    <input
      aria-label={t('preset.rename', { name: preset.name })}
      maxLength={80}
      value={text}
      onChange={({ target }) => type(target.value)}
      onBlur={done}
      onKeyDown={({ key }) => key === 'Enter' && done()}
      className="h-7 w-72 max-w-full rounded-md border border-line-strong bg-surface-0 px-2"
    />
  );
}
