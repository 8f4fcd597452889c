/** The states of conversations on disk: the least recently used go first when they take more than they may. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import type { LoadSettings } from '../../shared/schemas/memory.ts';

export interface States {
  folder: string;
  /** The file of a state that can be restored, which counts as used; undefined: there is none. */
  find(key: string): string | undefined;
  /**
   * Has a state written and keeps it, in place of the one before; others go until all take no more than `limit` bytes.
   * One that alone is bigger is not kept. Throws what `write` throws, and keeps nothing then.
   */
  keep(key: string, limit: number, write: (file: string) => Promise<unknown>): Promise<void>;
  /** Bytes of all. */
  size(): number;
  /** Removes all of a chat. */
  forget(chatId: string): void;
  clear(): void;
}

const ending = '.state';

/** Opens the folder and removes what a killed app had left half written. */
export function openStates(folder: string): States {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) if (name.endsWith('.new')) rmSync(path.join(folder, name));
  const place = (key: string): string => path.join(folder, key + ending);
  /** Oldest use first. */
  const all = (): { file: string; bytes: number; used: number }[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .map((name) => ({ file: path.join(folder, name), stats: statSync(path.join(folder, name)) }))
      .map(({ file, stats }) => ({ file, bytes: stats.size, used: stats.mtimeMs }))
      .toSorted((a, b) => a.used - b.used);
  const size = (): number => all().reduce((sum, { bytes }) => sum + bytes, 0);

  return {
    folder,
    size,
    find(key) {
      const file = place(key);
      const now = new Date();
      try {
        utimesSync(file, now, now);
        return file;
      } catch {
        return undefined;
      }
    },
    async keep(key, limit, write) {
      const file = place(key);
      const fresh = `${file}.new`;
      try {
        await write(fresh);
        if (statSync(fresh).size <= limit) renameSync(fresh, file);
      } finally {
        rmSync(fresh, { force: true });
      }
      let excess = size() - limit;
      for (const old of all()) {
        if (excess <= 0) break;
        rmSync(old.file);
        excess -= old.bytes;
      }
    },
    forget(chatId) {
      for (const { file } of all()) if (path.basename(file).startsWith(ofChat(chatId))) rmSync(file);
    },
    clear() {
      for (const { file } of all()) rmSync(file);
    },
  };
}

interface StateOwner {
  chatId: string;
  backend: string;
  /** What `filesNow` told of its files when its load began. */
  files: string;
  vision: boolean;
  /** As it was loaded. */
  settings: Pick<LoadSettings, 'kvType' | 'contextSize' | 'ropeScaling' | 'ropeFreqBase'>;
  llamaCpp: string;
}

/**
 * What a state belongs to, as the name of its file. Another file of the model, another cache type or another engine cannot read it; with other positions it would
 * be read, and make no sense: keys are kept turned by where they stood.
 */
export function stateKey(of: StateOwner): string {
  const { kvType, contextSize, ropeScaling = 'none', ropeFreqBase } = of.settings;
  const stretched = ropeScaling === 'none' ? [] : [ropeScaling, contextSize];
  const base = ropeFreqBase === undefined ? [] : ['base', ropeFreqBase];
  return ofChat(of.chatId) + digest(JSON.stringify([of.backend, kvType, of.llamaCpp, of.files, of.vision, ...stretched, ...base]));
}

/** Tells files from others that take their places later, by sizes and times. */
export function filesNow(files: readonly (string | undefined)[]): string {
  const told = files.flatMap((file) => {
    if (file === undefined) return [];
    const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? {};
    return [[file, size, mtimeMs]];
  });
  return JSON.stringify(told);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** What the names of all states of a chat begin with. */
const ofChat = (chatId: string): string => `${digest(chatId)}-`;
