/** Ends an answer before a text that was asked to end it, however the stream is cut. */

/** Feeds on text and gives what is sure: `ended` once one of `stops` has come, which is left out. */
export function createStops(stops: string[]): { push(text: string): { text: string; ended: boolean }; end(): string } {
  let pending = '';
  return {
    push(text) {
      pending += text;
      const ends = stops.map((stop) => pending.indexOf(stop)).filter((at) => at >= 0);
      if (ends.length > 0) {
        const said = pending.slice(0, Math.min(...ends));
        pending = '';
        return { text: said, ended: true };
      }
      const waiting = Math.max(0, ...stops.map((stop) => begun(pending, stop)));
      const said = pending.slice(0, pending.length - waiting);
      pending = pending.slice(said.length);
      return { text: said, ended: false };
    },
    end: () => pending,
  };
}

/** Length of the longest end of `text` that begins `word`. */
export function begun(text: string, word: string): number {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length--) if (word.startsWith(text.slice(-length))) return length;
  return 0;
}
