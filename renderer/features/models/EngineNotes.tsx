/** What the engine has to say of one model: how its load goes, what had to give way, why it failed, what came back. */
import { Check, Copy } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { EngineState, LadderStep } from '../../../shared/schemas/engine.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { LoadProgress } from './LoadProgress.tsx';
import { useEjections } from './useEjections.ts';
import { useEngineState } from './useEngineState.ts';
import { useModelActions } from './useModelActions.ts';
import { useUnmet } from './useUnmet.ts';

/** Below the row of a model that the engine's state says something of. */
export function EngineNotes({ id, name }: { id: string; name: string }) {
  const state = useEngineState();
  const refused = useStore(useStores().engine, ({ refused }) => (refused?.modelId === id ? refused.error : undefined));
  const sentence = useErrorSentence();
  const { t } = useTranslation('engine');
  const { madeRoom, gone } = useEjections();
  const sayUnmet = useUnmet();
  const front = (state.status === 'idle' ? state.last : state.modelId) === id;
  const unlocked = loadedModels(state).some(({ modelId, model }) => modelId === id && model.unlocked);
  const unmet = front && state.status === 'ready' ? sayUnmet(state.unmet ?? []) : [];
  const words = [front && madeRoom(state), gone(state, id), unlocked && t('unlocked'), ...unmet].filter(Boolean);
  return (
    <>
      {front && state.status !== 'idle' && <FrontNotes state={state} name={name} />}
      {refused && !(front && state.status === 'failed') && <Problem text={sentence(refused)} />}
      {words.length > 0 && (
        <p role="status" className="text-xs text-text-2 tabular-nums">
          {words.join(' ')}
        </p>
      )}
    </>
  );
}

function FrontNotes({ state, name }: { state: Exclude<EngineState, { status: 'idle' }>; name: string }) {
  const { t } = useTranslation('engine');
  const sentence = useErrorSentence();
  const { loadAsAsked } = useModelActions();
  const steps = state.steps ?? [];

  if (state.status === 'loading')
    return (
      <>
        <LoadProgress state={state} name={name} />
        <Steps title={t('steps.trying')} steps={steps} />
      </>
    );
  if (state.status === 'failed')
    return (
      <>
        <Problem text={sentence(state.error)} />
        <Steps title={t('steps.tried')} steps={steps} />
        {state.lastLines && <LastLines lines={state.lastLines} />}
      </>
    );
  if (steps.length === 0) return null;
  return (
    <div role="status" className="flex flex-wrap items-end justify-between gap-2 rounded-md border border-line bg-surface-1 px-3 py-2">
      <Steps title={t(state.remembered ? 'steps.remembered' : 'steps.now')} steps={steps} />
      <Button aria-label={t('asAskedNamed', { name })} disabled={state.answering} onClick={() => void loadAsAsked(state.modelId)}>
        {t('asAsked')}
      </Button>
    </div>
  );
}

function Steps({ title, steps }: { title: string; steps: LadderStep[] }) {
  const { t } = useTranslation('engine');
  const words = useStepWords();
  if (steps.length === 0) return null;
  return (
    <div className="text-xs text-text-2 tabular-nums">
      <p>{title}</p>
      <ul className="list-disc pl-4">
        {steps.map((step) => (
          <li key={`${step.change} ${step.to}`}>{t('step.line', { change: words(step), why: t(`why.${step.why}`) })}</li>
        ))}
      </ul>
    </div>
  );
}

/** `smaller batch (512 → 128 tokens)`. */
function useStepWords(): (step: LadderStep) => string {
  const { t } = useTranslation('engine');
  const format = useFormat();
  const word = (step: LadderStep, value: string | number): string => {
    if (typeof value === 'number') return format.count(value);
    return step.change === 'backend' ? t(`backend.${value as 'cpu'}`) : value;
  };
  return (step) => t(`step.${step.change}`, { from: word(step, step.from), to: word(step, step.to) });
}

function LastLines({ lines }: { lines: string[] }) {
  const { t } = useTranslation('engine');
  const [copied, setCopied] = useState(false);
  const shown = useRef<HTMLPreElement>(null);
  const text = lines.join('\n');
  // The end is what is looked for.
  const open = (): void => {
    setCopied(false);
    shown.current?.scrollTo({ top: shown.current.scrollHeight });
  };
  return (
    <details className="text-xs text-text-2" onToggle={open}>
      <summary className="w-fit rounded-sm select-none hover:text-text-1">{t('lines')}</summary>
      <div className="relative mt-1">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
        <pre ref={shown} tabIndex={0} className="max-h-60 overflow-auto rounded-md bg-surface-1 p-2 pr-10 font-mono whitespace-pre-wrap wrap-anywhere">
          {text}
        </pre>
        <div className="absolute top-1 right-3">
          <IconButton
            icon={copied ? Check : Copy}
            label={t(copied ? 'copied' : 'copy')}
            onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
          />
        </div>
      </div>
    </details>
  );
}
