/** What was removed and can come back. */
import { RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { BinItem } from '../../../shared/schemas/library.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { useRun } from '../../useRun.ts';

/** The removed models, newest first. */
export function Bin() {
  const { t } = useTranslation('models');
  const format = useFormat();
  const run = useRun();
  const { library } = useStores();
  const bin = useStore(library, (state) => state.bin);
  const [asking, setAsking] = useState<BinItem | 'all'>();
  const date = (text: string): string => new Intl.DateTimeFormat(format.locale, { dateStyle: 'medium' }).format(new Date(text));

  const nameOf = ({ moved, name, label }: BinItem): string => (moved ? t('storage.formerFolder', { folder: name }) : `${name} ${label}`.trim());

  if (bin.length === 0) return <p className="text-text-2">{t('storage.binEmpty')}</p>;
  return (
    <>
      <ul aria-label={t('storage.bin')} className="flex flex-col">
        {bin.map((item) => {
          const name = nameOf(item);
          return (
            <li key={`${item.id} ${item.removedAt}`} className="flex items-center gap-2 border-b border-line py-2 last:border-b-0">
              <span className="min-w-0 flex-1">
                <span className="block truncate" title={item.id}>
                  {name}
                </span>
                <span className="block text-xs text-text-2 tabular-nums">
                  {t(item.moved ? 'storage.movedAway' : 'storage.removed', {
                    size: format.fileSize(item.size),
                    date: date(item.removedAt),
                    until: date(item.until),
                  })}
                </span>
              </span>
              <Button
                icon={RotateCcw}
                aria-label={t('storage.restoreNamed', { name })}
                onClick={() => void run(library.getState().restore(item.id, item.removedAt))}
              >
                {t('storage.restore')}
              </Button>
              <IconButton icon={Trash2} label={t('storage.deleteNamed', { name })} onClick={() => setAsking(item)} />
            </li>
          );
        })}
      </ul>
      <Button icon={Trash2} className="self-start" onClick={() => setAsking('all')}>
        {t('storage.emptyNow', { size: format.fileSize(bin.reduce((sum, { size }) => sum + size, 0)) })}
      </Button>
      {asking && (
        <Confirm
          open
          title={asking === 'all' ? t('storage.emptyTitle') : t('storage.deleteTitle', { name: nameOf(asking) })}
          text={asking === 'all' ? t('storage.warnings.bin') : t('storage.deleteText', { size: format.fileSize(asking.size) })}
          action={t('storage.confirm')}
          onConfirm={() => void run(library.getState().emptyBin(asking === 'all' ? undefined : asking))}
          onClose={() => setAsking(undefined)}
        />
      )}
    </>
  );
}
