/** What the disk holds, where models are looked for, what was removed, and what is there twice. */
import { useTranslation } from 'react-i18next';
import { Section } from '../../ui/Section.tsx';
import { Bin } from './Bin.tsx';
import { Disk } from './Disk.tsx';
import { Duplicates } from './Duplicates.tsx';
import { Folders } from './Folders.tsx';

/** One section for each. */
export function StorageView() {
  const { t } = useTranslation('models');
  return (
    <div className="flex max-w-240 flex-col gap-6 px-6 py-5">
      <Section title={t('storage.disk')}>
        <Disk />
      </Section>
      <Section title={t('storage.bin')} hint={t('storage.binHint')}>
        <Bin />
      </Section>
      <Section title={t('storage.duplicates')} hint={t('storage.duplicatesHint')}>
        <Duplicates />
      </Section>
      <Section title={t('storage.folders')} hint={t('storage.foldersHint')}>
        <Folders />
      </Section>
    </div>
  );
}
