/** Keeps the settings of a chat under a name. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerSettings, Preset } from '../../../../shared/schemas/answer.ts';
import { useStores } from '../../../stores/index.ts';
import { Button } from '../../../ui/Button.tsx';
import { offerUndo } from '../../../ui/toasts.tsx';
import { useRun } from '../../../useRun.ts';

/** A button, and the field that comes in its place. A name that is there already means the new settings from then on, which can be undone. */
export function SavePreset({ own }: { own: AnswerSettings }) {
  const { t } = useTranslation('answers');
  const run = useRun();
  const { settings } = useStores();
  const [name, setName] = useState<string>();

  const keep = (presets: Preset[]): Promise<boolean> => run(settings.getState().change({ presets }));
  const save = async (): Promise<void> => {
    const title = name?.trim();
    if (!title) return;
    const { presets } = settings.getState().settings;
    const same = presets.find((each) => each.name === title);
    const saved = { id: same?.id ?? crypto.randomUUID(), name: title, settings: own };
    const next = same ? presets.map((each) => (each === same ? saved : each)) : [...presets, saved];
    if (!(await keep(next))) return;
    setName(undefined);
    if (!same) return;
    const back = (): Preset[] => settings.getState().settings.presets.map((each) => (each.id === same.id ? same : each));
    offerUndo(t('preset.replaced', { name: title }), t('undo'), () => void keep(back()));
  };

  if (name === undefined)
    return (
      <Button type="button" onClick={() => setName('')}>
        {t('preset.saveAs')}
      </Button>
    );
  return (
    <form
      className="flex w-full items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        // It is the composer's child, though not in its place.
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
}
