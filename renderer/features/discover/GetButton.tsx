/** The way to have a quantization: download, pause or resume, load. */
import { ArrowDownToLine, Pause, Play } from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { ModelDetail, Quantization } from '../../../shared/schemas/hub.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { loadingModel } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Progress } from '../../ui/Progress.tsx';
import { useKeptFocus } from '../../ui/useKeptFocus.ts';
import { useRun } from '../../useRun.ts';
import { useOnDisk, whereOf } from '../models/onDisk.ts';
import { useModelActions } from '../models/useModelActions.ts';

interface Props {
  detail: ModelDetail;
  quantization: Quantization;
  /** Its label, with the number of parts where there are several. */
  label: string;
  settings: LoadSettings;
  /** Bytes to fetch, projector included. */
  size: number;
}

/** What can be done next with this quantization; the focus stays while it becomes something else. */
export function GetButton(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const focus = useKeptFocus(box);
  return (
    <div ref={box} {...focus}>
      <Next {...props} />
    </div>
  );
}

function Next({ detail, quantization, label, settings, size }: Props) {
  const { t } = useTranslation(['discover', 'models', 'app']);
  const format = useFormat();
  const { load } = useModelActions();
  const { downloads, engine, library } = useStores();
  const job = useStore(downloads, (state) => state.jobs?.find((each) => each.repo === detail.id && each.quantization === quantization.id));
  const owned = useStore(library, (state) => state.models?.find((model) => model.id === `${detail.id}/${quantization.id}` && !model.problem));
  const elsewhere = useOnDisk(quantization);
  const loading = useStore(engine, loadingModel);
  const run = useRun();

  const loadable = owned ?? (elsewhere && (elsewhere.vision || !detail.projector) && !job ? elsewhere : undefined);
  if (loadable) {
    return (
      <Button
        kind="primary"
        className="w-full"
        disabled={loading === loadable.id}
        focusableWhenDisabled
        aria-label={t('loadNamed', { label })}
        title={owned ? undefined : t('models:onDisk', { where: whereOf(loadable) })}
        onClick={() => void load(loadable.id, settings)}
      >
        {loading === loadable.id ? t('app:loading') : t('load')}
      </Button>
    );
  }
  // What was replaced on the hub is begun anew, at what it has now.
  if (!job || job.state === 'done' || job.error?.code === 'download.changed') {
    return (
      <Button
        className="w-full @max-[840px]:[&>svg]:hidden"
        icon={ArrowDownToLine}
        aria-label={t('downloadNamed', { label, size: format.fileSize(size) })}
        onClick={() => void run(downloads.getState().start({ repo: detail.id, commit: detail.commit, quantization: quantization.id }))}
      >
        {t('download')}
      </Button>
    );
  }
  if (job.state === 'paused' || job.state === 'failed') {
    return (
      <Button className="w-full" icon={Play} aria-label={t('resumeNamed', { label })} onClick={() => void run(downloads.getState().resume(job.id))}>
        {t('resume')}
      </Button>
    );
  }
  const verifying = job.state === 'verifying';
  const share = (verifying ? job.verified : job.received) / Math.max(1, job.size);
  return (
    <div className="flex items-center gap-1">
      <div className="min-w-0 flex-1 text-left text-xs text-text-2 tabular-nums">
        <span className="block truncate">{verifying ? t('verifying') : format.percent(share)}</span>
        <Progress label={t('progress', { label })} value={share} />
      </div>
      {!verifying && <IconButton icon={Pause} label={t('pauseNamed', { label })} onClick={() => void run(downloads.getState().pause(job.id))} />}
    </div>
  );
}
