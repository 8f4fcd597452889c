/** Says that the connection to core is gone; what is on screen stays. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { Core } from '../../shared/contract/core.ts';
import type { Connection } from '../rpc/connection.ts';
import { Button } from '../ui/Button.tsx';

/** A bar over the view, only while there is no connection. */
export function ConnectionBar({ connection }: { connection: Connection<Core> }) {
  const { t } = useTranslation();
  const status = useStore(connection.state, (state) => state.status);
  return (
    <div role="status">
      {status === 'lost' && (
        <div className="flex items-center justify-between gap-4 border-b border-line bg-surface-2 px-4 py-1.5">
          <span>{t('connection.lost')}</span>
          <Button onClick={connection.retry}>{t('connection.retry')}</Button>
        </div>
      )}
    </div>
  );
}
