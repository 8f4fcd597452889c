/** The models that run here: the engine, what they hold of conversations, what they take, how fast they are, and when they go. */
import path from 'node:path';
import type { ModelDetail } from '../shared/schemas/hub.ts';
import { createHeld, type Held } from './chats/held.ts';
import { createLoads, type Loads, openLoads } from './engine/loads.ts';
import { heldByAll } from './engine/room.ts';
import { textServer } from './engine/serverBuild.ts';
import { openStates, stateKey } from './engine/states.ts';
import { createEngine, type Engine } from './engine/supervisor.ts';
import { ejectUnused } from './engine/unused.ts';
import type { Headers } from './gguf/headers.ts';
import type { Library } from './library/index.ts';
import type { Log } from './log.ts';
import { calibrateLoads, createCalibration } from './memory/calibrate.ts';
import { createMemory, type Memory } from './memory/estimate.ts';
import { createSpeed, type Speed } from './memory/speed.ts';
import type { Platform } from './platform.ts';
import type { SettingsStore } from './settings/store.ts';
import { mapped } from './watched.ts';

export interface RunningParts {
  platform: Pick<Platform, 'startEngine' | 'folders'>;
  settings: Pick<SettingsStore, 'get' | 'watch'>;
  library: Pick<Library, 'resolve'>;
  headers: Headers;
  /** A repository of the Hub as it is now. */
  model(repo: string, signal: AbortSignal): Promise<ModelDetail>;
  log: Pick<Log, 'scope'>;
  /** Nothing is ejected or learned from any more. */
  signal: AbortSignal;
}

export interface Running {
  engine: Engine;
  held: Held;
  memory: Memory;
  speed: Speed;
  loads: Loads;
  /** Whether a model is loaded, or about to be. */
  isLoaded(id: string): boolean;
}

/** Ejects what nobody uses, and learns from every load and answer. */
export function createRunning({ platform, settings, library, headers, model, log, signal }: RunningParts): Running {
  const { folders } = platform;
  const states = openStates(path.join(folders.cache, 'states'));
  const engine = createEngine({
    platform,
    log: log.scope('engine'),
    last: openLoads(folders.data).get().last?.modelId,
    stateFolder: states.folder,
    leaving: (model, save) => held.leave(model, save),
  });
  let version: Promise<string> | undefined;
  const held = createHeld({
    states,
    engine,
    async key(chatId, { files, model: { backend, vision, settings } }) {
      // It stays the same, and a process is started to tell.
      version ??= engine.hardware(folders.models).then(({ llamaCpp }) => llamaCpp);
      return stateKey({ chatId, backend, files, vision, settings, llamaCpp: await version });
    },
    limit: () => settings.get().stateCacheBytes,
    log: log.scope('chats'),
  });
  const calibration = createCalibration({ folder: folders.data });
  // What computes would disturb a measurement.
  const quiet = (): boolean => engine.state().status !== 'loading' && engine.loaded().every(({ answering }) => !answering);
  const speed = createSpeed({ folder: folders.data, measure: engine.bandwidth, quiet });
  const memory = createMemory({
    ...{ headers, library, engine, folders, model, speed, calibration },
    loaded: (cards) => heldByAll(engine.loaded(), cards),
    served: textServer(folders.cache),
  });
  void calibrateLoads({ engine, calibration, folders, signal });
  const loads = createLoads({
    ...{ folder: folders.data, engine, library, memory },
    hardware: () => engine.hardware(folders.models),
    settings: (id) => ({ global: settings.get().load, model: settings.get().modelLoads[id] }),
  });
  void ejectUnused({
    engine,
    minutes: mapped(settings.watch(signal), (now) => now.ejectAfterMinutes),
    own: (id) => settings.get().modelLoads[id]?.keepMinutes,
    signal,
  });
  return {
    ...{ engine, held, memory, speed, loads },
    isLoaded(id) {
      const state = engine.state();
      return (state.status === 'loading' && state.modelId === id) || engine.loaded().some(({ modelId }) => modelId === id);
    },
  };
}
