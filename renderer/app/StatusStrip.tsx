/** The line at the bottom that is always there: the model, the memory, the speed, the hub. */

import { Cloud, CloudOff, FlaskConical } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useFormat } from '../i18n.ts';
import { loadedModels } from '../stores/engine.ts';
import { useStores } from '../stores/index.ts';
import { LoadedModel } from './LoadedModel.tsx';
import { MachineMemory } from './MachineMemory.tsx';

/** The strip; a click on any part opens what it is about. */
export function StatusStrip() {
  const { t } = useTranslation();
  return (
    <section aria-label={t('strip.label')} className="flex h-9 items-center divide-x divide-line border-t border-line bg-surface-1 text-xs">
      <LoadedModel />
      <MachineMemory />
      <Speed />
      <Hub />
    </section>
  );
}

function Speed() {
  const { t } = useTranslation();
  const format = useFormat();
  const { engine, turn } = useStores();
  const answering = useStore(engine, (store) => loadedModels(store.state).some((each) => each.answering));
  const speed = useStore(turn, (state) => state.chat?.turns.findLast((each) => each.stats)?.stats?.tokensPerSecond);
  return (
    <span className="flex h-full w-26 shrink-0 items-center justify-center tabular-nums">
      {answering ? t('strip.answering') : speed !== undefined ? format.speed(speed) : <span aria-hidden>–</span>}
    </span>
  );
}

function Hub() {
  const { t } = useTranslation();
  const { hub, search, ui } = useStores();
  const status = useStore(hub, (state) => state.status);
  const offline = useStore(search, (state) => state.error?.code === 'hub.unreachable' || state.error?.code === 'hub.offline');
  const face = offline ? 'offline' : status?.sample ? 'sample' : 'online';
  const Icon = { offline: CloudOff, sample: FlaskConical, online: Cloud }[face];
  return (
    <button
      type="button"
      title={status && t('strip.hubTitle', { endpoint: status.endpoint })}
      onClick={() => ui.getState().go('discover')}
      className="flex h-full shrink-0 items-center gap-1.5 px-3 hover:bg-surface-2"
    >
      <Icon aria-hidden size={14} />
      {t(`strip.${face}`)}
    </button>
  );
}
