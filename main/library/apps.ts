/** Where other apps keep their models on this system. Only read from; nothing there is ever moved or changed. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { OtherApp } from '../../shared/schemas/library.ts';

export interface AppFolder {
  app: OtherApp;
  /** Absolute; may not be there. */
  folder: string;
}

const lmStudioSettings = z.object({ downloadsFolder: z.string() });

/** The folders, each once, with the variables that move them: OLLAMA_MODELS, HF_HOME, HF_HUB_CACHE, LLAMA_CACHE, UNSLOTH_STUDIO_HOME. */
export function appFolders(env: NodeJS.ProcessEnv = process.env, home: string = homedir(), system: NodeJS.Platform = process.platform): AppFolder[] {
  const roaming = env.APPDATA || join(home, 'AppData/Roaming');
  const local = env.LOCALAPPDATA || join(home, 'AppData/Local');
  const support = join(home, 'Library/Application Support');
  const cache = { darwin: join(home, 'Library/Caches'), win32: local }[system as string] ?? (env.XDG_CACHE_HOME || join(home, '.cache'));
  const data = { darwin: support, win32: roaming }[system as string] ?? (env.XDG_DATA_HOME || join(home, '.local/share'));
  const huggingFace = env.HF_HUB_CACHE || join(env.HF_HOME || join(env.XDG_CACHE_HOME || join(home, '.cache'), 'huggingface'), 'hub');
  const studio = env.UNSLOTH_STUDIO_HOME || join(home, '.unsloth/studio');
  const all: [OtherApp, string | undefined][] = [
    ['lmstudio', chosenInLmStudio(home)],
    ['lmstudio', join(home, '.lmstudio/models')],
    ['lmstudio', join(home, '.cache/lm-studio/models')],
    ['ollama', env.OLLAMA_MODELS || join(home, '.ollama/models')],
    // Ollama's service on Linux has a home of its own.
    ...(system === 'linux' ? ['/usr/share/ollama/.ollama/models', '/var/lib/ollama/.ollama/models'] : []).map((folder): [OtherApp, string] => [
      'ollama',
      folder,
    ]),
    ['huggingface', huggingFace],
    ['llamacpp', env.LLAMA_CACHE || join(cache, 'llama.cpp')],
    ['jan', join(data, 'Jan/data/llamacpp/models')],
    ['jan', join(data, 'Jan/data/models')],
    ['jan', join(home, 'jan/models')],
    ['unsloth', join(studio, 'cache/huggingface/hub')],
    ['unsloth', join(studio, 'exports')],
  ];
  const folders = new Map<string, OtherApp>();
  for (const [app, folder] of all) if (folder && !folders.has(folder)) folders.set(folder, app);
  return [...folders].map(([folder, app]) => ({ app, folder }));
}

/** The folder that the person chose in LM Studio itself. */
function chosenInLmStudio(home: string): string | undefined {
  try {
    // Written with a byte order mark by some versions.
    const text = readFileSync(join(home, '.lmstudio/settings.json'), 'utf8').replace(/^\uFEFF/, '');
    return lmStudioSettings.parse(JSON.parse(text)).downloadsFolder;
  } catch {
    return undefined;
  }
}
