/** The person's settings in one JSON file. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '../../shared/result.ts';
import { defaultSettings, type Settings, type SettingsChange, settings } from '../../shared/schemas/settings.ts';
import type { Log } from '../log.ts';
import { setAside } from '../setAside.ts';
import { createWatched } from '../watched.ts';

export interface SettingsStore {
  get(): Settings;
  /** The settings now, then after each change until `signal` aborts. */
  watch(signal: AbortSignal): AsyncIterable<Settings>;
  /** Changes what `change` names and stores it. Throws `settings.invalid` and keeps what was there. */
  change(change: SettingsChange): Settings;
}

/** Reads `file`; a missing one means defaults, a broken one is set aside as `<file>.broken` and said in the log. */
export function openSettings(file: string, log?: Pick<Log, 'warn'>): SettingsStore {
  const current = createWatched(read(file, log));

  return {
    get: current.get,
    watch: (signal) => current.watch(signal),
    change(change) {
      const named = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      const next = settings.safeParse({ ...current.get(), ...named });
      if (!next.success) {
        const key = next.error.issues[0]?.path.join('.') ?? '';
        throw new Fault('settings.invalid', `The setting ${key} cannot have this value`, { key });
      }
      write(file, next.data);
      current.set(next.data);
      return next.data;
    },
  };
}

function read(file: string, log: Pick<Log, 'warn'> | undefined): Settings {
  if (!existsSync(file)) return defaultSettings;
  const text = readFileSync(file, 'utf8');
  try {
    return settings.parse(renamed(JSON.parse(text)));
  } catch (error) {
    setAside(file, 'The settings file could not be read; it was set aside and the defaults are used', error, log);
    return defaultSettings;
  }
}

/** A file that was written before how words are drawn had a part of its own. What was written there by itself is no choice. */
function renamed(read: unknown): unknown {
  if (typeof read !== 'object' || read === null || Array.isArray(read) || 'sampling' in read) return read;
  const { temperature, maxTokens, ...rest } = read as Record<string, unknown>;
  const chosen = { ...(temperature !== 0.7 && { temperature }), ...(maxTokens !== 0 && { maxTokens }) };
  return { ...rest, sampling: chosen };
}

/** The whole file or the old one, also when the power goes: written beside, flushed, renamed. */
function write(file: string, value: Settings): void {
  mkdirSync(dirname(file), { recursive: true });
  const beside = `${file}.new`;
  const handle = openSync(beside, 'w', 0o600);
  try {
    writeFileSync(handle, `${JSON.stringify(value, undefined, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(beside, file);
}
