/** A line on the terminal that says how far something is; nothing where there is no terminal. */
import { createFormat } from '../../shared/format.ts';
import { oneLine } from './table.ts';

const format = createFormat('en-GB');
const width = 24;
const everyMs = 100;

export interface Progress {
  /** Draws the line anew. `done` and `total` in bytes, `note` is said after them. */
  show(name: string, done: number, total: number, note?: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** On `stream`, which is the one for messages: the answer has the other. */
export function createProgress(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>): Progress {
  let drawn = 0;
  return {
    show(name, done, total, note = '') {
      const now = performance.now();
      if (!stream.isTTY || (drawn > 0 && now - drawn < everyMs)) return;
      drawn = now;
      const share = total > 0 ? Math.min(1, done / total) : 0;
      const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░');
      const line = `${bar} ${format.percent(share).padStart(4)}  ${format.fileSize(done)} of ${format.fileSize(total)}${note && `  ${note}`}  ${oneLine(name)}`;
      stream.write(`\r\u001b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
    },
    clear() {
      if (stream.isTTY && drawn > 0) stream.write('\r\u001b[2K');
      drawn = 0;
    },
  };
}
