/** Splits what a model writes into its thinking and its answer, however the stream is cut. */
import { begun as begunBy } from './stops.ts';

export interface Said {
  type: 'thinking' | 'text';
  text: string;
}

const open = '<think>';
const close = '</think>';

/**
 * A splitter for one answer. `thinking`: the prompt itself ended with the opening tag, as Qwen's does.
 * Blank space at the start and end of the thinking, and at the start of the answer, belongs to the tags and is left out.
 */
export function createSplitter(thinking: boolean): { push(text: string): Said[]; end(): Said[]; thinking(): boolean } {
  let state: 'start' | 'thinking' | 'text' = thinking ? 'thinking' : 'start';
  let pending = '';
  let begun = false;

  const say = (type: Said['type'], text: string, said: Said[]): void => {
    const rest = begun ? text : text.trimStart();
    if (rest === '') return;
    begun = true;
    said.push({ type, text: rest });
  };

  const push = (text: string): Said[] => {
    const said: Said[] = [];
    pending += text;
    if (state === 'start') {
      const start = pending.trimStart();
      if (start.length < open.length && open.startsWith(start)) return said;
      if (start.startsWith(open)) {
        pending = start.slice(open.length);
        state = 'thinking';
      } else state = 'text';
    }
    if (state === 'thinking') {
      const at = pending.indexOf(close);
      if (at < 0) {
        // What may still become the closing tag waits, with the blank space before it.
        const sure = pending.slice(0, pending.length - begunBy(pending, close)).trimEnd();
        pending = pending.slice(sure.length);
        say('thinking', sure, said);
        return said;
      }
      say('thinking', pending.slice(0, at).trimEnd(), said);
      pending = pending.slice(at + close.length);
      state = 'text';
      begun = false;
    }
    say('text', pending, said);
    pending = '';
    return said;
  };

  return {
    push,
    thinking: () => state === 'thinking',
    /** What is left when the model ended: half a tag is text like any other. */
    end() {
      const said: Said[] = [];
      say(state === 'thinking' ? 'thinking' : 'text', state === 'thinking' ? pending.trimEnd() : pending, said);
      pending = '';
      return said;
    },
  };
}
