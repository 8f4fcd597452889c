/** An answer: thinking, text as it streams, how it ended, and what can be done with it. */
import { RotateCcw, Trash2 } from 'lucide-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { changed, changeTo } from '../../../shared/answerChoice.ts';
import type { AnswerChange } from '../../../shared/schemas/answer.ts';
import type { DroppedPart, Turn } from '../../../shared/schemas/chat.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import type { Answer as Streamed } from '../../stores/turn.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { offerUndo } from '../../ui/toasts.tsx';
import { useModelName } from '../models/useModelName.ts';
import { CopyButton } from './CopyButton.tsx';
import { Markdown } from './Markdown.tsx';
import { Pager } from './Pager.tsx';
import { RetryWith } from './RetryWith.tsx';
import { Stats } from './Stats.tsx';
import { useAnswerSettings } from './settings/useAnswerSettings.ts';
import { Thinking } from './Thinking.tsx';
import { useAct } from './useAct.ts';
import { useTurnActions } from './useTurnActions.ts';

/** One answer of the thread. */
export const Answer = memo(function Answer({ turn }: { turn: Turn }) {
  const { t } = useTranslation('chat');
  const stores = useStores();
  const streamed = useStore(stores.turn, (state) => state.answers[turn.id]);
  const running = turn.status === 'running';
  const { text, thinking } = (running && streamed) || turn;
  return (
    <article data-turn aria-label={t('answer')} aria-busy={running} data-status={turn.status} className="group/turn min-w-0">
      {turn.dropped && <Dropped dropped={turn.dropped} />}
      {thinking !== '' && <Thinking text={thinking} ms={turn.stats?.thinkingMs} running={running && text === ''} />}
      {running && text === '' && thinking === '' && <Waiting prompt={streamed?.prompt} />}
      {text !== '' && <Markdown text={text} running={running} />}
      <Outcome turn={turn} />
      <Footer turn={turn} text={text} />
    </article>
  );
});

function Waiting({ prompt }: { prompt: Streamed['prompt'] }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const words = !prompt
    ? t('prompt.waiting')
    : prompt.processed > 0 && prompt.processed < prompt.total
      ? t('prompt.readingPart', { processed: format.count(prompt.processed), tokens: format.count(prompt.total) })
      : t('prompt.reading', { tokens: format.count(prompt.total) });
  return <p className="text-text-2 tabular-nums">{words}</p>;
}

/** What the model was not given, said where the answer begins. */
function Dropped({ dropped }: { dropped: DroppedPart }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const words = t('dropped', { count: dropped.messages, n: format.count(dropped.messages), tokens: format.count(dropped.tokens) });
  return <p className="mb-2 border-l-2 border-tight pl-2 text-text-2">{words}</p>;
}

/** What became of an answer that did not simply end, and what to do about it. */
function Outcome({ turn }: { turn: Turn }) {
  const { t } = useTranslation('chat');
  const sentence = useErrorSentence();
  const { whyNot, retry } = useTurnActions();
  const ways =
    turn.error?.code === 'engine.contextFull' ? (
      <LongerThanContext turn={turn} />
    ) : (
      <Button icon={RotateCcw} whyNot={whyNot} onClick={() => retry(turn)}>
        {t('action.retry')}
      </Button>
    );
  if (turn.status === 'failed' || turn.status === 'interrupted')
    return (
      <div className="mt-2">
        <Problem text={turn.error && turn.status === 'failed' ? sentence(turn.error) : t(`status.${turn.status}`)}>{ways}</Problem>
      </div>
    );
  const note =
    turn.status === 'stopped' && turn.text === '' && turn.thinking === ''
      ? t('status.stoppedEarly')
      : turn.stats?.stopReason === 'context'
        ? t('status.context')
        : turn.status === 'done' && turn.text === ''
          ? t('status.nothing')
          : undefined;
  return note ? <p className="mt-1 text-text-2">{note}</p> : null;
}

/** The ways on with a chat that no longer fits. */
function LongerThanContext({ turn }: { turn: Turn }) {
  const { t } = useTranslation('chat');
  const { turn: store, ui } = useStores();
  const { whyNot, retry } = useTurnActions();
  const act = useAct();
  const { own, choice } = useAnswerSettings(turn.chatId);
  const { overflow } = choice.settings;
  const dropOldest = (): void => {
    const change: AnswerChange = { set: { overflow: 'dropOldest' } };
    const back = changeTo(changed(own, change), own);
    act(store.getState().changeSettings(turn.chatId, change), () => {
      offerUndo(t('overflow.dropping'), t('action.undo'), () => act(store.getState().changeSettings(turn.chatId, back)));
      retry(turn);
    });
  };
  return (
    <>
      {overflow === 'stop' ? (
        <Button whyNot={whyNot} onClick={dropOldest}>
          {t('overflow.dropOldest')}
        </Button>
      ) : (
        <Button icon={RotateCcw} whyNot={whyNot} onClick={() => retry(turn)}>
          {t('action.retry')}
        </Button>
      )}
      {turn.modelId !== undefined && <Button onClick={() => ui.getState().openLoadPanel(turn.modelId)}>{t('overflow.longer')}</Button>}
    </>
  );
}

function Footer({ turn, text }: { turn: Turn; text: string }) {
  const { t } = useTranslation('chat');
  const { whyNot, retry, remove } = useTurnActions();
  const name = useModelName();
  // The space is there from the start, so that nothing moves when the answer ends.
  if (turn.status === 'running') return <div className="mt-1 h-7" />;
  return (
    <div className="mt-1 -ml-1 flex min-h-7 flex-wrap items-center gap-x-1 text-xs text-text-3 group-focus-within/turn:text-text-2 group-hover/turn:text-text-2">
      {turn.modelId !== undefined && <span className="max-w-60 truncate px-1">{name(turn.modelId)}</span>}
      {turn.stats ? <Stats stats={turn.stats} /> : turn.status === 'stopped' && <span className="px-1">{t('reason.stopped')}</span>}
      <Pager turn={turn} />
      {text !== '' && <CopyButton text={text} />}
      <IconButton icon={RotateCcw} label={t('action.retry')} whyNot={whyNot} onClick={() => retry(turn)} />
      <RetryWith turn={turn} />
      <IconButton icon={Trash2} label={t('action.delete')} whyNot={whyNot} onClick={() => remove(turn)} />
    </div>
  );
}
