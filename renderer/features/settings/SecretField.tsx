/** A secret: it can be given and forgotten, never read. */
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/Button.tsx';

interface Props {
  label: string;
  /** One is kept. */
  kept: boolean;
  placeholder?: string;
  hint?: string | undefined;
  /** Keeps it, or forgets it (null). Resolves to whether that went well. */
  onSave(secret: string | null): Promise<boolean>;
}

/** The field with its buttons. */
export function SecretField({ label, kept, placeholder, hint, onSave }: Props) {
  const { t } = useTranslation('settings');
  const id = useId();
  const [text, setText] = useState('');
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (text.trim() !== '' && (await onSave(text.trim()))) setText('');
  };
  return (
    <form onSubmit={(event) => void save(event)} className="flex min-w-60 flex-1 flex-col gap-1">
      <label htmlFor={id} className="text-text-2">
        {label}
      </label>
      <div className="flex items-center gap-2">
        <input
          id={id}
          type="password"
          autoComplete="off"
          value={text}
          placeholder={kept ? t('network.kept') : placeholder}
          onChange={({ target }) => setText(target.value)}
          aria-describedby={hint ? `${id}-hint` : undefined}
          className="h-7 min-w-0 flex-1 rounded-md border border-line-strong bg-surface-0 px-2"
        />
        <Button type="submit" disabled={text.trim() === ''} aria-label={t('network.saveNamed', { name: label })}>
          {t('network.save')}
        </Button>
        {kept && (
          <Button aria-label={t('network.forgetNamed', { name: label })} onClick={() => void onSave(null)}>
            {t('network.forget')}
          </Button>
        )}
      </div>
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-text-2">
          {hint}
        </p>
      )}
    </form>
  );
}
