/** Where a value comes from, and the way back from one of its own. */
import { Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { AnswerSource } from '../../../../shared/answerChoice.ts';
import { IconButton } from '../../../ui/Button.tsx';

interface Props {
  id?: string;
  /** Of the setting. */
  name: string;
  /** `unset`: here nothing is said, and models may recommend something. */
  from: AnswerSource | 'unset' | undefined;
  /** What holds without the value that is set here, in words; undefined: none is set here. */
  back: string | undefined;
  onBack(): void;
}

/** One line below a field. */
export function Inherited({ id, name, from, back, onBack }: Props) {
  const { t } = useTranslation('answers');
  return (
    <span className="flex min-h-5 items-center gap-1 text-xs text-text-2">
      <span id={id} className={back === undefined ? undefined : 'text-accent'}>
        {from && t(`from.${from}`)}
      </span>
      {back !== undefined && <IconButton icon={Undo2} label={t('back', { name, value: back })} onClick={onBack} className="size-5! [&>svg]:size-3.5" />}
    </span>
  );
}
