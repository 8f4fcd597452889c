/** The machine's memory in the strip: what the model took, what other programs have, what is free. */
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { EngineState } from '../../shared/schemas/engine.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { type Estimate, type LoadSettings, splitTotal } from '../../shared/schemas/memory.ts';
import { hasGpu, modelParts } from '../features/models/machine.ts';
import { useEngineState } from '../features/models/useEngineState.ts';
import { useFormat } from '../i18n.ts';
import { loadedModels } from '../stores/engine.ts';
import { useStores } from '../stores/index.ts';
import { MemoryBar, type Part } from '../ui/MemoryBar.tsx';

/** The bar with its numbers and the card's name. */
export function MachineMemory() {
  const { t } = useTranslation();
  const format = useFormat();
  const { hardware: store, stripPrices, ui } = useStores();
  const hardware = useStore(store, (state) => state.hardware);
  const state = useEngineState();
  const loading = state.status === 'loading' ? state.modelId : undefined;
  // As text, which stays the same while the progress changes.
  const asked = state.status === 'loading' ? JSON.stringify(state.asked) : undefined;
  const planned = useStore(stripPrices, (each) => (loading === undefined ? undefined : each.prices[loading]?.estimate));

  const held = [state.status, ...loadedModels(state).map(({ modelId }) => modelId), ...(state.ejected ?? []).map((one) => `${one.modelId} ${!one.freed}`)];
  // Asked when it may have changed and no oftener: asking starts a process that talks to the GPU.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a load or an eject is what changes the memory.
  useEffect(() => {
    const refresh = (): void => void store.getState().refresh();
    refresh();
    window.addEventListener('focus', refresh);
    return () => window.removeEventListener('focus', refresh);
  }, [store, held.toSorted().join()]);

  useEffect(() => {
    if (loading === undefined || asked === undefined) return;
    void stripPrices.getState().ask({ [loading]: { kind: 'library', id: loading } }, JSON.parse(asked) as LoadSettings);
  }, [stripPrices, loading, asked]);

  const gpuWords = ([first, ...more]: string[]): string =>
    more.length > 0 ? t('memory.cards', { n: format.count(more.length + 1) }) : (first ?? t('memory.gpu'));
  const where = !hardware ? '' : hasGpu(hardware) ? gpuWords(hardware.gpus) : t('memory.ram');
  const bar = hardware && barOf(hardware, state, planned);
  return (
    <button
      type="button"
      aria-label={bar ? undefined : t('strip.machine')}
      onClick={() => ui.getState().go('settings')}
      className="flex h-full min-w-0 flex-1 items-center gap-3 px-3 hover:bg-surface-2"
    >
      <span className="min-w-16 max-w-72 flex-1">
        {bar && <MemoryBar where={where} parts={bar.parts} total={bar.total} planned={state.status === 'loading'} />}
      </span>
      <span className="shrink-0 tabular-nums">
        {!bar ? '' : bar.known ? format.memoryOf(bar.used, bar.total) : t('memory.unknownUse', { total: format.memory(bar.total) })}
      </span>
      <span className="truncate text-text-2">{where}</span>
    </button>
  );
}

/** What other loaded models have, then the model's parts as it has them or as far as it is loading them; the rest of what is used is other programs'. */
function barOf(hardware: Hardware, state: EngineState, planned: Estimate | undefined): { parts: Part[]; used: number; total: number; known: boolean } {
  const side = hasGpu(hardware) ? 'gpu' : 'ram';
  const { total, free } = side === 'gpu' ? hardware.vram : hardware.ram;
  const split = state.status === 'ready' ? state.model.memory?.[side] : planned?.[side];
  const share = state.status === 'ready' ? 1 : state.status === 'loading' && state.stage === 'loading' ? state.progress : 0;
  const parts = split ? modelParts(split).map((part) => ({ ...part, bytes: part.bytes * share })) : [];
  const models = (state.others ?? []).reduce((sum, { model }) => sum + (model.memory ? splitTotal(model.memory[side]) : 0), 0);
  const held = parts.reduce((sum, part) => sum + part.bytes, models);
  const used = Math.max(total - (free ?? total), held);
  return { parts: [{ kind: 'models', bytes: models }, ...parts, { kind: 'other', bytes: used - held }], used, total, known: free !== null || held > 0 };
}
