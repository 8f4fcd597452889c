/** The system prompt. */
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useTyped } from '../../../ui/useTyped.ts';

/** The field; `below` says where its text comes from, or what it is for. */
export function PromptField({ value, onSave, below, rows = 3 }: { value: string; onSave(text: string): void; below: ReactNode; rows?: number }) {
  const { t } = useTranslation('answers');
  const id = useId();
  const { text, type, done } = useTyped(value, onSave);
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-text-2">
        {t('name.systemPrompt')}
      </label>
      <textarea
        id={id}
        rows={rows}
        maxLength={100_000}
        value={text}
        placeholder={t('noPrompt')}
        onChange={({ target }) => type(target.value)}
        onBlur={done}
        className="w-full resize-y rounded-md border border-line-strong bg-surface-0 px-2 py-1.5 placeholder:text-text-3"
      />
      {below}
    </div>
  );
}
