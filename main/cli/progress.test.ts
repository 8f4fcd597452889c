/** The line on the terminal. */
import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';

function terminal(isTTY: boolean, columns = 120) {
  const written: string[] = [];
  return { written, isTTY, columns, write: (text: string) => written.push(text) > 0 };
}

test('how far, how much, and of what, on one line that is taken away again', () => {
  const stream = terminal(true);
  const progress = createProgress(stream);
  progress.show('ada/tiny:Q4_K_M', 1_500_000_000, 6_000_000_000, '12.4 MB/s');
  progress.clear();
  expect(stream.written).toEqual([`\r\u001b[2K${'█'.repeat(6)}${'░'.repeat(18)}  25%  1.5 GB of 6.0 GB  12.4 MB/s  ada/tiny:Q4_K_M`, '\r\u001b[2K']);
});

test('never longer than the terminal, never more than it says, and not at every byte', () => {
  const stream = terminal(true, 40);
  const progress = createProgress(stream);
  progress.show('a very long name of a model in a repository', 7, 5);
  progress.show('again at once', 5, 5);
  expect(stream.written).toHaveLength(1);
  expect(stream.written[0]!.replace('\r\u001b[2K', '')).toHaveLength(39);
  expect(stream.written[0]).toContain(' 100%');
});

test('nothing where there is no terminal', () => {
  const stream = terminal(false);
  const progress = createProgress(stream);
  progress.show('x', 1, 2);
  progress.clear();
  expect(stream.written).toEqual([]);
});
