/** How far a load is, and which part of it. */
import { useTranslation } from 'react-i18next';
import type { EngineState } from '../../../shared/schemas/engine.ts';
import { useFormat } from '../../i18n.ts';
import { Progress } from '../../ui/Progress.tsx';

/** The stage in words and its bar. */
export function LoadProgress({ state, name }: { state: Extract<EngineState, { status: 'loading' }>; name: string }) {
  const { t } = useTranslation(['models', 'app']);
  const format = useFormat();
  return (
    <div className="flex flex-col gap-1">
      <p className="text-xs text-text-2 tabular-nums">{t('loading', { stage: t(`app:stage.${state.stage}`), percent: format.percent(state.progress) })}</p>
      <Progress label={t('progress', { name })} value={state.progress} />
    </div>
  );
}
