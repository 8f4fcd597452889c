/** Which backends this computer can use, why not the others, and the proof: what support asks for first. */
import { CircleAlert, CircleCheck, CircleDashed, LoaderCircle } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SelfTestBackend, SelfTestReport, SelfTestRun } from '../../../shared/schemas/selfTest.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { useRun } from '../../useRun.ts';

/** The button, and the report as it grows. */
export function SelfTest() {
  const { t } = useTranslation(['selfTest', 'app']);
  const { client } = useStores();
  const run = useRun();
  const [report, setReport] = useState<SelfTestReport>();
  const [copied, setCopied] = useState(false);
  const running = useRef<AbortController>(undefined);
  const [busy, setBusy] = useState(false);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (): Promise<void> => {
    const abort = new AbortController();
    running.current = abort;
    setBusy(true);
    setCopied(false);
    await run(client.stream('engine.selfTest', undefined, setReport, { signal: abort.signal }));
    setBusy(false);
  };
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(JSON.stringify(report, null, 2));
    setCopied(true);
  };

  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        {busy ? (
          <Button onClick={() => running.current?.abort()}>{t('stop')}</Button>
        ) : (
          <Button onClick={() => void start()}>{t(report ? 'again' : 'start')}</Button>
        )}
        {report?.done && <Button onClick={() => void copy()}>{t(copied ? 'app:action.copied' : 'copy')}</Button>}
      </div>
      {report && (
        <ul aria-busy={busy} aria-label={t('title')} className="flex flex-col gap-3">
          {report.backends.map((backend) => (
            <BackendReport key={backend.backend} report={backend} />
          ))}
        </ul>
      )}
    </div>
  );
}

function BackendReport({ report: { backend, state, device, error, runs } }: { report: SelfTestBackend }) {
  const { t } = useTranslation(['selfTest', 'settings']);
  const sentence = useErrorSentence();
  const name = t(`settings:backends.${backend}`);
  return (
    <li className="rounded-md border border-line px-3 py-2">
      <p className="flex flex-wrap items-center gap-x-2">
        <StateIcon state={state} />
        <span className="font-medium">{name}</span>
        <span className="text-text-2">{t(`state.${state}`)}</span>
        {device && <span className="truncate text-text-2">· {device}</span>}
      </p>
      {error && <p className="mt-1 text-xs wrap-anywhere">{sentence(error)}</p>}
      {runs.some((run) => run.state !== 'waiting') && (
        <table className="mt-2 w-full max-w-160 table-fixed text-xs tabular-nums">
          <caption className="sr-only">{name}</caption>
          <thead>
            <tr className="text-left text-text-2 *:pb-1 *:font-normal">
              <th scope="col">{t('columns.engine')}</th>
              <th scope="col" className="w-24 text-right">
                {t('columns.load')}
              </th>
              <th scope="col" className="w-32 text-right">
                {t('columns.speed')}
              </th>
              <th scope="col" className="w-32 pl-4">
                {t('columns.picture')}
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <RunRow key={run.engine} run={run} />
            ))}
          </tbody>
        </table>
      )}
    </li>
  );
}

function RunRow({ run: { engine, state, loadMs, tokensPerSecond, saw, error, said, missing } }: { run: SelfTestRun }) {
  const { t } = useTranslation('selfTest');
  const format = useFormat();
  const sentence = useErrorSentence();
  const why = error ? sentence(error) : missing ? t(`missing.${missing as 'build'}`) : said !== undefined ? t('wrong', { said }) : undefined;
  const picture = engine === 'node-llama-cpp' ? t('noPicture') : saw === undefined ? '–' : t(saw ? 'saw' : 'notSaw');
  return (
    <>
      <tr className="*:py-0.5">
        <th scope="row" className="text-left font-normal">
          <span className="flex items-center gap-1.5">
            <StateIcon state={state} />
            <span className="truncate">
              {t(`engine.${engine}`)}: {t(`run.${state}`)}
            </span>
          </span>
        </th>
        <td className="text-right">{loadMs === undefined ? '–' : t('ms', { n: format.count(Math.round(loadMs)) })}</td>
        <td className="text-right">{tokensPerSecond === undefined ? '–' : t('speed', { n: format.count(Math.round(tokensPerSecond)) })}</td>
        <td className="pl-4">{picture}</td>
      </tr>
      {why && (
        <tr>
          <td colSpan={4} className="pb-1 pl-5 wrap-anywhere text-text-2">
            {why}
          </td>
        </tr>
      )}
    </>
  );
}

function StateIcon({ state }: { state: SelfTestBackend['state'] | SelfTestRun['state'] }) {
  const common = { 'aria-hidden': true, size: 14 } as const;
  if (state === 'running') return <LoaderCircle {...common} className="shrink-0 animate-spin text-text-2" />;
  if (state === 'failed') return <CircleAlert {...common} className="shrink-0 text-too-large" />;
  if (state === 'used' || state === 'works' || state === 'passed') return <CircleCheck {...common} className="shrink-0 text-fits" />;
  return <CircleDashed {...common} className="shrink-0 text-text-3" />;
}
