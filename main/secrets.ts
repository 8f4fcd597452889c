/** Secrets of the person, such as tokens and passwords: kept out of settings, logs and the page. */
import { chmod, readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { writeWhole } from './wholeFile.ts';

export interface Secrets {
  /** `system`: sealed with a key of the system's own store; `file`: a file that only this user can read. */
  readonly keptIn: 'system' | 'file';
  /** undefined where there is none, or where it can no longer be opened. */
  get(name: string): Promise<string | undefined>;
  /** Keeps it; undefined forgets it. Rejects as the disk does. */
  set(name: string, value: string | undefined): Promise<void>;
}

/** The system's own way to make a text unreadable to other users. */
export interface Seal {
  seal(plain: string): Promise<string>;
  /** Rejects what was sealed by somebody else. */
  open(sealed: string): Promise<string>;
}

const saved = z.record(z.string(), z.string());
/** The shells share the folder: what one of them sealed is no secret to the other. */
const mark = 'sealed:';

/** The secrets in `file`, mode 0600, each sealed where the system can. Those that were kept unsealed are still read. */
export function openSecrets(file: string, seal?: Seal): Secrets {
  let writing: Promise<void> = Promise.resolve();
  const read = async (): Promise<Record<string, string>> => {
    try {
      return saved.parse(JSON.parse(await readFile(file, 'utf8')));
    } catch {
      return {};
    }
  };
  const change = async (name: string, value: string | undefined): Promise<void> => {
    const { [name]: _, ...others } = await read();
    const kept = value === undefined ? undefined : seal ? mark + (await seal.seal(value)) : value;
    await writeWhole(file, JSON.stringify(kept === undefined ? others : { ...others, [name]: kept }), 0o600);
    // Also where the folder was copied from elsewhere with other rights.
    await chmod(file, 0o600);
  };
  return {
    keptIn: seal ? 'system' : 'file',
    async get(name) {
      await writing.catch(() => {});
      const kept = (await read())[name];
      if (!kept?.startsWith(mark)) return kept;
      return seal?.open(kept.slice(mark.length)).catch(() => undefined);
    },
    set(name, value) {
      const done = writing.catch(() => {}).then(() => change(name, value));
      writing = done;
      return done;
    },
  };
}
