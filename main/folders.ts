/** Where Atelier keeps things on this system; both shells use the same folders. */
import os from 'node:os';
import path from 'node:path';
import type { Folders } from './platform.ts';

/**
 * `ATELIER_HOME`, `ATELIER_CACHE` and `ATELIER_MODELS` win; else the system's own places
 * (XDG base directories on Linux, Library on macOS, AppData on Windows).
 */
export function defaultFolders(env: NodeJS.ProcessEnv = process.env, system: NodeJS.Platform = process.platform, home: string = os.homedir()): Folders {
  const place: Record<string, { data: string; cache: string }> = {
    darwin: { data: path.join(home, 'Library/Application Support/Atelier'), cache: path.join(home, 'Library/Caches/Atelier') },
    win32: {
      data: path.join(env.APPDATA ?? path.join(home, 'AppData/Roaming'), 'Atelier'),
      cache: path.join(env.LOCALAPPDATA ?? path.join(home, 'AppData/Local'), 'Atelier/Cache'),
    },
  };
  const { data, cache } = place[system] ?? {
    data: path.join(env.XDG_DATA_HOME || path.join(home, '.local/share'), 'atelier'),
    cache: path.join(env.XDG_CACHE_HOME || path.join(home, '.cache'), 'atelier'),
  };
  const folders = { data: path.resolve(env.ATELIER_HOME || data), cache: path.resolve(env.ATELIER_CACHE || cache) };
  return { ...folders, models: path.resolve(env.ATELIER_MODELS || path.join(folders.data, 'models')), ...(env.ATELIER_MODELS && { modelsFixed: true }) };
}
