/** Who else has video memory, where the platform tells: what a person could close. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { VideoProgram } from '../../../shared/schemas/hardware.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';

/** The largest few are named, the others counted. */
const named = 4;

/** One line; nothing where nobody is known. */
export function Programs() {
  const { t } = useTranslation(['discover', 'app']);
  const format = useFormat();
  const hardware = useStores().hardware;
  const [programs, setPrograms] = useState<VideoProgram[]>([]);
  useEffect(() => {
    let gone = false;
    void hardware
      .getState()
      .programs()
      .then((told) => !gone && setPrograms(told));
    return () => {
      gone = true;
    };
  }, [hardware]);
  if (programs.length === 0) return null;
  const words = programs.slice(0, named).map(({ name, bytes }) => t('app:memory.part', { name, size: format.memory(bytes) }));
  const others = programs.length - named;
  if (others > 0) words.push(t('split.morePrograms', { count: others }));
  return (
    <p className="text-xs text-text-2 tabular-nums">{t('split.programs', { list: new Intl.ListFormat(format.locale, { type: 'unit' }).format(words) })}</p>
  );
}
