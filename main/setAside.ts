/** Files of ours that cannot be read: kept, and out of the way. */
import { renameSync } from 'node:fs';
import type { Log } from './log.ts';

/** Names `file` `<file>.broken`, and says `words` and `why` in the log. Throws as the disk does. */
export function setAside(file: string, words: string, why: unknown, log: Pick<Log, 'warn'> | undefined): void {
  const aside = `${file}.broken`;
  renameSync(file, aside);
  log?.warn(words, { file: aside, error: why });
}
