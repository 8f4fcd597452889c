/** What the command line needs of the core: the hub, headers, memory and the folders. No database; what writes in the models folder locks it. */
import path from 'node:path';
import { createGpuGuard } from '../engine/brokenGpu.ts';
import { forkEngine } from '../engine/fork.ts';
import { createQuestions } from '../engine/questions.ts';
import { textServer } from '../engine/serverBuild.ts';
import { defaultFolders } from '../folders.ts';
import { createHeaders, type Headers } from '../gguf/headers.ts';
import { createHub, type Hub } from '../hub/client.ts';
import { readModel } from '../hub/files.ts';
import { createNetwork } from '../hub/network.ts';
import type { Log } from '../log.ts';
import { createMemory, type Memory } from '../memory/estimate.ts';
import { openModelsFolder } from '../modelsFolder.ts';
import { type Folders, hubFromEnvironment } from '../platform.ts';
import { openSecrets } from '../secrets.ts';
import { openSettings, type SettingsStore } from '../settings/store.ts';
import { localModel } from './localModel.ts';

export interface Services {
  hub: Hub;
  headers: Headers;
  folders: Folders;
  memory: Memory;
  /** The app's, as they were when the command began. */
  settings: Pick<SettingsStore, 'get'>;
  /** Ends the process that was asked about memory, if any was. */
  close(): Promise<void>;
}

/** Built beside this file is the engine; from source it is where it was written. */
const engineEntry = path.join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../engine/host.ts' : 'engine.js');

/** The services of core for one command, which reach the hub as the app's settings say. Nothing starts before it is asked. */
export async function openServices(env: NodeJS.ProcessEnv, log: Pick<Log, 'warn'>): Promise<Services> {
  const { folders } = openModelsFolder(defaultFolders(env), log);
  const settings = openSettings(path.join(folders.data, 'settings.json'));
  const network = createNetwork({
    platform: { hub: hubFromEnvironment(env), secrets: openSecrets(path.join(folders.data, 'secrets.json')) },
    settings,
    log,
    env,
  });
  await network.apply();
  const hub = createHub(network.address());
  const headers = createHeaders({ hub, cacheFolder: folders.cache });
  const gpu = createGpuGuard((more = {}) => forkEngine({ entry: engineEntry, env: more }), log);
  const { questions, close } = createQuestions({ gpu, folders });
  const memory = createMemory({
    headers,
    // Here a model's id is the path of its file, wherever that is.
    library: { resolve: (file) => localModel(headers, file) },
    engine: questions,
    folders,
    served: textServer(folders.cache),
    model: (repo, signal) => readModel(hub, repo, signal),
  });
  return { hub, headers, folders, memory, settings, close };
}
