/** The turns of a chat, the newest at the end; of a long one only the last are drawn until the person scrolls up. */
import { ArrowDown } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { Chat, Turn } from '../../../shared/schemas/chat.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { useKeptFocus } from '../../ui/useKeptFocus.ts';
import { Answer } from './Answer.tsx';
import { LiveRegion } from './LiveRegion.tsx';
import { Question } from './Question.tsx';
import { useFollow } from './useFollow.ts';

/** Turns drawn at once, and how many more each time the beginning comes into view. */
const step = 30;

export function Thread({ chat }: { chat: Chat }) {
  const { t } = useTranslation('chat');
  const { area, content, atEnd, toEnd } = useFollow();
  const focus = useKeptFocus(area, '[data-turn]');
  const [drawn, setDrawn] = useState(step);
  const top = useRef<HTMLDivElement>(null);
  const { turns } = chat;
  const hidden = Math.max(0, turns.length - drawn);

  // A new question is looked at wherever the person was.
  const newest = turns.findLast((turn) => turn.role === 'user')?.id;
  const known = useRef(newest);
  useLayoutEffect(() => {
    if (newest !== known.current) toEnd();
    known.current = newest;
  }, [newest, toEnd]);

  // More is drawn above without what is on screen moving.
  const fromEnd = useRef<number>(undefined);
  useEffect(() => {
    if (hidden === 0) return;
    const seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        fromEnd.current = area.current!.scrollHeight - area.current!.scrollTop;
        setDrawn((n) => n + step);
      },
      { root: area.current, rootMargin: '600px 0px 0px' },
    );
    seen.observe(top.current!);
    return () => seen.disconnect();
  }, [hidden, area]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is kept when `drawn` has changed.
  useLayoutEffect(() => {
    if (fromEnd.current !== undefined) area.current!.scrollTop = area.current!.scrollHeight - fromEnd.current;
    fromEnd.current = undefined;
  }, [drawn, area]);

  return (
    <div className="relative min-h-0 flex-1">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll area must be reachable by keyboard. */}
      <section ref={area} tabIndex={0} {...focus} aria-label={t('thread')} className="h-full overflow-y-auto [overflow-anchor:none]">
        <div ref={content} className="mx-auto flex max-w-[760px] flex-col gap-5 px-4 pt-6 pb-4">
          {hidden > 0 && <div ref={top} aria-hidden className="h-px" />}
          {turns
            .slice(hidden)
            .map((turn, i, shown) =>
              turn.role === 'user' ? <Question key={turn.id} turn={turn} last={i === shown.length - 1} /> : <Answer key={turn.id} turn={turn} />,
            )}
        </div>
      </section>
      <Spoken turns={turns} />
      {!atEnd && (
        <Button icon={ArrowDown} onClick={toEnd} className="absolute bottom-2 left-1/2 -translate-x-1/2 shadow-float">
          {t('latest')}
        </Button>
      )}
    </div>
  );
}

/** The newest answer for a screen reader. */
function Spoken({ turns }: { turns: Turn[] }) {
  const { turn: store } = useStores();
  const answer = turns.at(-1);
  const streamed = useStore(store, (state) => (answer ? state.answers[answer.id]?.text : undefined));
  if (answer?.role !== 'assistant') return null;
  const running = answer.status === 'running';
  return <LiveRegion key={answer.id} text={(running ? streamed : undefined) ?? answer.text} running={running} />;
}
