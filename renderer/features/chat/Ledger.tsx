/** How full the context is, and what fills it. */
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { Ledger as Sheet } from '../../../shared/contract/control.ts';
import type { AppError } from '../../../shared/result.ts';
import type { Chat } from '../../../shared/schemas/chat.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { classes } from '../../ui/classes.ts';
import { Skeleton } from '../../ui/Notice.tsx';
import { Popover } from '../../ui/Popover.tsx';
import { useAnswerSettings } from './settings/useAnswerSettings.ts';

/** Of the chat on screen; nothing where no model is ready or nothing was asked yet. */
export function Ledger({ chat }: { chat: Chat }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const { engine, turn: store } = useStores();
  const context = useStore(engine, ({ state }) => (state.status === 'ready' ? state.model.contextSize : undefined));
  const [sheet, setSheet] = useState<Sheet>();
  const [error, setError] = useState<AppError>();
  const head = chat.turns.at(-1);
  const read = async (): Promise<void> => {
    if (chat.running) return;
    const answer = await store.getState().ledger(chat.id);
    if (answer.ok) setSheet(answer.value);
    setError(answer.ok ? undefined : answer.error);
  };

  const ran = useRef(chat.running);
  // biome-ignore lint/correctness/useExhaustiveDependencies: counted when an answer ends, and forgotten when another path is chosen.
  useEffect(() => {
    const ended = ran.current && !chat.running;
    ran.current = chat.running;
    if (ended) void read();
    else if (!chat.running) setSheet(undefined);
  }, [head?.id, chat.running]);

  // Before anybody asked the engine: what it said of the last answer, whose thinking it forgets with the next question.
  const stats = chat.turns.findLast((turn) => turn.stats)?.stats;
  const total = sheet?.total ?? (stats && stats.promptTokens + stats.tokens);
  if (context === undefined || total === undefined) return null;
  const full = total / context;
  const nearlyFull = sheet !== undefined && full > 0.9;
  return (
    <Popover
      title={t('ledger.title')}
      trigger={
        <button
          type="button"
          className={classes(
            'flex h-7 min-w-0 items-center gap-2 rounded-md px-1.5 text-xs tabular-nums hover:bg-surface-2',
            nearlyFull ? 'text-tight' : 'text-text-2',
          )}
        >
          <span aria-hidden className="h-1 w-10 shrink-0 overflow-hidden rounded-full bg-line-strong">
            <span className={classes('block h-full', nearlyFull ? 'bg-tight' : 'bg-accent')} style={{ width: `${Math.min(100, full * 100)}%` }} />
          </span>
          <span className="truncate">{t(sheet ? 'ledger.meter' : 'ledger.about', { used: format.count(total), total: format.count(context) })}</span>
        </button>
      }
    >
      <Account chat={chat} sheet={sheet} error={error} read={read} />
    </Popover>
  );
}

/** Asks when it opens, but not while the model is answering. */
function Account({ chat, sheet, error, read }: { chat: Chat; sheet: Sheet | undefined; error: AppError | undefined; read(): Promise<void> }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const sentence = useErrorSentence();
  const { overflow } = useAnswerSettings(chat.id).choice.settings;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it opens.
  useEffect(() => void read(), []);
  if (!sheet)
    return (
      <div className="w-72">
        {chat.running ? <p className="text-text-2">{t('ledger.answering')}</p> : error ? <p role="alert">{sentence(error)}</p> : <Skeleton className="w-40" />}
      </div>
    );
  const spoken = sheet.messages.filter(({ role }) => role !== 'system');
  const texts = spoken.reduce((sum, { tokens }) => sum + tokens, 0) - sheet.images - sheet.thinking;
  const words =
    sheet.total >= sheet.context
      ? t(`ledger.over.${overflow}`)
      : sheet.cached > 0
        ? t('ledger.cached', { count: sheet.cached, n: format.count(sheet.cached) })
        : t('ledger.notCached');
  const parts = [
    ['system', sheet.system],
    ['messages', Math.max(0, texts)],
    ['images', sheet.images],
    ['thinking', sheet.thinking],
    ['tools', sheet.tools],
    ['free', Math.max(0, sheet.context - sheet.total)],
  ] as const;
  return (
    <div className="w-72 text-sm">
      <p className="font-medium tabular-nums">{t('ledger.meter', { used: format.count(sheet.total), total: format.count(sheet.context) })}</p>
      <p className="text-xs text-text-2">{words}</p>
      <dl className="mt-2 grid grid-cols-[1fr_auto] gap-x-4 tabular-nums">
        {parts
          .filter(([, tokens]) => tokens > 0)
          .map(([name, tokens]) => (
            <div key={name} className="contents">
              <dt className={name === 'free' ? 'text-text-2' : undefined}>{t(`ledger.${name}`)}</dt>
              <dd className={classes('text-right', name === 'free' && 'text-text-2')}>{format.count(tokens)}</dd>
            </div>
          ))}
      </dl>
      <ol aria-label={t('ledger.each')} className="mt-2 max-h-40 overflow-y-auto border-t border-line pt-2 text-xs text-text-2 tabular-nums">
        {spoken.map(({ role, tokens, cached }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have no names but their place.
          <li key={index} className="flex gap-2">
            <span className="w-6 shrink-0 text-right text-text-3">{format.count(index + 1)}</span>
            <span className="flex-1">{role === 'user' ? t('you') : role === 'assistant' ? t('answer') : t('ledger.tool')}</span>
            {sheet.cached > 0 && <span className="text-text-3">{cached ? t('ledger.known') : t('ledger.unread')}</span>}
            <span className="w-12 text-right">{format.count(tokens)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
