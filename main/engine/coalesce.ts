/** Joins what an answer says within one frame, so that a fast model costs a few messages, and a slow reader bigger ones. */
import type { Said } from './backend.ts';

/** One frame of a screen. */
const frameMs = 16;

/**
 * What `work` says, in order: the first, the first word and the end at once, else at most once a frame, neighbours of one kind joined into one event.
 * Ends with the value of `work`, or throws what it throws after the last words.
 */
export async function* coalesce<T>(work: (on: (event: Said) => void) => Promise<T>): AsyncGenerator<Said, T> {
  let waiting: Said[] = [];
  let wake = (): void => {};
  let result: { value: T } | { error: unknown } | undefined;
  let spoken = false;
  const on = (event: Said): void => {
    waiting = join(waiting, event);
    wake();
  };
  const isWord = ({ type }: Said): boolean => type === 'text' || type === 'thinking';
  const frame = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, frameMs);
      wake = () => {
        if (!result && (spoken || !waiting.some(isWord))) return;
        clearTimeout(timer);
        resolve();
      };
      wake();
    });
  void work(on).then(
    (value) => {
      result = { value };
      wake();
    },
    (error: unknown) => {
      result = { error };
      wake();
    },
  );
  for (;;) {
    if (waiting.length === 0 && !result)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    const now = waiting;
    waiting = [];
    spoken ||= now.some(isWord);
    yield* now;
    if (waiting.length > 0) continue;
    if (result && 'value' in result) return result.value;
    if (result) throw result.error;
    await frame();
  }
}

function join(events: Said[], event: Said): Said[] {
  const last = events.at(-1);
  if (last?.type === 'prompt' && event.type === 'prompt') return [...events.slice(0, -1), event];
  if (last?.type === 'thinking' && event.type === 'thinking') return [...events.slice(0, -1), { type: 'thinking', text: last.text + event.text }];
  if (last?.type === 'text' && event.type === 'text') return [...events.slice(0, -1), { type: 'text', text: last.text + event.text }];
  return [...events, event];
}
