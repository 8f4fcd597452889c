/** Loads a model with settings of one's own, showing what they cost before. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { chooseLoad, isSameLoad, ownPart } from '../../../shared/loadChoice.ts';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Problem, Skeleton } from '../../ui/Notice.tsx';
import { Verdict } from '../../ui/Verdict.tsx';
import { useRun } from '../../useRun.ts';
import { LoadFields } from './LoadFields.tsx';
import { LoadSources } from './LoadSources.tsx';
import { Split } from './Split.tsx';
import { useCards } from './useCards.ts';
import { asFarAsItCan, useLoadBase } from './useLoadBase.ts';
import { useMemoryLine } from './useMemoryLine.ts';
import { useModelActions } from './useModelActions.ts';
import { useModelName } from './useModelName.ts';

/** The dialog; open while the ui store names a model. */
export function LoadPanel() {
  const { t } = useTranslation('models');
  const { ui, library } = useStores();
  const id = useStore(ui, (state) => state.loadPanel);
  const model = useStore(library, (state) => state.models?.find((each) => each.id === id));
  const close = (): void => ui.getState().openLoadPanel(undefined);
  return (
    <Dialog
      open={model !== undefined}
      onClose={close}
      title={t('panel.title', { name: model ? `${model.name} ${model.label}` : '' })}
      className="w-[min(760px,calc(100vw-32px))]"
    >
      {model && <Panel key={model.id} model={model} onDone={close} />}
    </Dialog>
  );
}

function Panel({ model, onDone }: { model: LibraryModel; onDone(): void }) {
  const { t } = useTranslation(['models', 'app']);
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { settings, loadPrices, hardware, engine } = useStores();
  const { global, own, base } = useLoadBase(model);
  const machine = useStore(hardware, (state) => state.hardware);
  const cards = useCards();
  const price = useStore(loadPrices, (state) => state.prices[model.id]);
  const state = useStore(engine, (engine) => engine.state);
  const { load: begin } = useModelActions();
  const name = useModelName();
  const memory = useMemoryLine();
  const [value, setValue] = useState<LoadSettings>(base);
  const [keep, setKeep] = useState(own !== undefined);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    void loadPrices.getState().ask({ [model.id]: { kind: 'library', id: model.id } }, value);
  }, [loadPrices, model.id, value]);

  // What is usual is said where something else holds for all.
  const asked = chooseLoad({ request: ownPart(value, global), global }).settings;
  const load = async (): Promise<boolean> => {
    const others = settings.getState().settings.modelLoads;
    const kept = keep ? ownPart(value, global) : {};
    if (own !== undefined || Object.keys(kept).length > 0) {
      const { [model.id]: _, ...rest } = others;
      const modelLoads = Object.keys(kept).length > 0 ? { ...rest, [model.id]: kept } : rest;
      if (!(await run(settings.getState().change({ modelLoads })))) return false;
    }
    return begin(model.id, asked);
  };
  const press = async (): Promise<void> => {
    setBusy(true);
    if (await load()) onDone();
    else setBusy(false);
  };
  const loaded = loadedModels(state);
  const others = loaded.filter(({ modelId }) => modelId !== model.id).map(({ modelId }) => modelId);
  const here = loaded.find(({ modelId }) => modelId === model.id);
  const same = here !== undefined && isSameLoad(asked, asFarAsItCan(here.asked, model));
  const estimate = price?.estimate;
  const no = estimate?.verdict === 'no';

  return (
    <>
      <div className="flex min-h-0 flex-col gap-3 overflow-y-auto p-4">
        <LoadFields
          value={value}
          maxContext={model.contextLength}
          vision={model.vision}
          scope="model"
          model={model}
          estimate={estimate}
          cores={machine?.cpu.threads}
          cards={cards}
          usual={global}
          onChange={setValue}
        />
        <LoadSources value={value} global={global} own={own} base={base} keep={keep} onKeep={setKeep} />
        <section aria-label={t('panel.estimate')} aria-busy={!price || price.stale} className="min-h-72 border-t border-line pt-3">
          {estimate && machine ? (
            <>
              <Verdict verdict={estimate.verdict} layers={estimate.layers} />
              <Split label={model.label} estimate={estimate} hardware={machine} />
            </>
          ) : price?.error ? (
            <Problem text={sentence(price.error)} />
          ) : (
            <div className="flex flex-col gap-3">
              <Skeleton className="w-24" />
              <Skeleton />
              <Skeleton className="h-32 w-2/3" />
            </div>
          )}
        </section>
        {no && <Problem text={t('panel.tooLarge')} />}
      </div>
      <div className="flex items-center justify-end gap-3 border-t border-line p-3">
        <div className="min-w-0 flex-1 text-xs text-text-2">
          {/* In sight while the settings are changed. */}
          {estimate && <p className="text-text-1 tabular-nums">{memory(estimate)}</p>}
          {loaded.length > 0 && (
            <p>
              {same
                ? t('panel.same')
                : here
                  ? t('panel.again')
                  : t('panel.beside', { count: others.length, names: new Intl.ListFormat(format.locale).format(others.map(name)) })}
            </p>
          )}
        </div>
        <Button kind={no && !same ? 'danger' : 'primary'} disabled={busy} focusableWhenDisabled onClick={() => void press()}>
          {busy ? t('app:loading') : t(same ? 'use' : no ? 'panel.anyway' : 'panel.load')}
        </Button>
      </div>
    </>
  );
}
