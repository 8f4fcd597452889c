/** The button that opens the file dialog for pictures. */
import type { LucideIcon } from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/Button.tsx';

/** Picks pictures; `instead` is called in place of the dialog where pictures cannot be used. */
export function PicturePicker({ icon, onPick, instead }: { icon: LucideIcon; onPick(files: File[]): void; instead?: (() => void) | undefined }) {
  const { t } = useTranslation('chat');
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept="image/png,image/jpeg,image/webp,image/gif,image/bmp"
        onChange={(event) => {
          onPick([...(event.target.files ?? [])]);
          // So that the same file can be picked again.
          event.target.value = '';
        }}
      />
      <IconButton type="button" icon={icon} label={t('composer.attach')} onClick={() => (instead ? instead() : input.current?.click())} />
    </>
  );
}
