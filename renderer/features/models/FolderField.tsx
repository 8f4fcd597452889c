/** A folder's path, to be written. */
import { useTranslation } from 'react-i18next';
import { classes } from '../../ui/classes.ts';

interface Props {
  /** Its label stands elsewhere. */
  id: string;
  value: string;
  /** The id of its hint. */
  describedBy?: string;
  onChange(folder: string): void;
  className?: string;
}

export function FolderField({ id, value, describedBy, onChange, className }: Props) {
  const { t } = useTranslation('models');
  return (
    <input
      id={id}
      value={value}
      spellCheck={false}
      autoComplete="off"
      placeholder={t('storage.addPlaceholder')}
      aria-describedby={describedBy}
      onChange={({ target }) => onChange(target.value)}
      className={classes('h-7 min-w-0 rounded-md border border-line-strong bg-surface-0 px-2 font-mono text-xs', className)}
    />
  );
}
