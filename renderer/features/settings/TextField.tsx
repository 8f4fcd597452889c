/** A line of text that is saved when one leaves it or presses Enter. */
import { useId, useState } from 'react';

interface Props {
  label: string;
  value: string;
  placeholder?: string | undefined;
  hint?: string | undefined;
  /** What is wrong with it; undefined: nothing. */
  problem?(text: string): string | undefined;
  onSave(text: string): void;
}

/** The field, as wide as there is room. What has a problem is not saved, and says so. */
export function TextField({ label, value, placeholder, hint, problem = () => undefined, onSave }: Props) {
  const id = useId();
  const [text, setText] = useState<string>();
  const wrong = text === undefined ? undefined : problem(text.trim());
  const save = (): void => {
    if (text === undefined || wrong !== undefined) return;
    if (text.trim() !== value) onSave(text.trim());
    setText(undefined);
  };
  return (
    <div className="flex min-w-60 flex-1 flex-col gap-1">
      <label htmlFor={id} className="text-text-2">
        {label}
      </label>
      <input
        id={id}
        type="text"
        spellCheck={false}
        autoComplete="off"
        value={text ?? value}
        placeholder={placeholder}
        onChange={({ target }) => setText(target.value)}
        onBlur={save}
        onKeyDown={(event) => event.key === 'Enter' && save()}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong || hint ? `${id}-hint` : undefined}
        className="h-7 w-full rounded-md border border-line-strong bg-surface-0 px-2"
      />
      {(wrong || hint) && (
        <p id={`${id}-hint`} className={`text-xs ${wrong ? 'text-too-large' : 'text-text-2'}`}>
          {wrong ?? hint}
        </p>
      )}
    </div>
  );
}
