/** A text field that grows with its text; Enter sends, Shift+Enter is a new line. */
import { type KeyboardEvent, type Ref, useImperativeHandle, useLayoutEffect, useRef } from 'react';
import { useStores } from '../../stores/index.ts';
import { isCovered } from '../../stores/ui.ts';

interface Props {
  label: string;
  placeholder?: string;
  value: string;
  readOnly?: boolean;
  describedBy?: string | undefined;
  ref?: Ref<HTMLTextAreaElement>;
  onChange(text: string): void;
  onSend(): void;
  onEscape?(): void;
}

/** Files that were dropped or pasted; text that comes along with a picture of itself (from a table or a document) counts as text. */
export function pictureFiles(data: DataTransfer): File[] {
  return data.types.includes('text/plain') ? [] : [...data.files];
}

/** Grows to 40 % of the window's height, then scrolls. Takes the focus when it appears, but not out of what lies over the view by then. */
export function TextField({ label, placeholder, value, readOnly = false, describedBy, ref, onChange, onSend, onEscape }: Props) {
  const { ui } = useStores();
  const field = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(ref, () => field.current!, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the value.
  useLayoutEffect(() => {
    const element = field.current!;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [value]);
  useLayoutEffect(() => {
    const element = field.current!;
    if (isCovered(ui.getState())) return;
    element.focus({ preventScroll: true });
    element.setSelectionRange(element.value.length, element.value.length);
  }, [ui]);

  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter takes its proposal.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) onSend();
    else if (event.key === 'Escape' && onEscape) onEscape();
    else return;
    event.preventDefault();
  };
  return (
    <textarea
      ref={field}
      rows={1}
      aria-label={label}
      aria-describedby={describedBy}
      placeholder={placeholder}
      value={value}
      readOnly={readOnly}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={onKeyDown}
      className="block max-h-[40vh] min-h-10 w-full resize-none overflow-y-auto bg-transparent px-3 py-2.5 outline-none"
    />
  );
}
