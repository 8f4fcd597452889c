/** The engine with real processes and the tiny model, for tests of what becomes of a load. */
import os from 'node:os';
import path from 'node:path';
import type { EngineState } from '../../shared/schemas/engine.ts';
import { defaultFolders } from '../folders.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import { missing } from '../memory/testing/softwareGpu.ts';
import type { EngineProcess } from '../platform.ts';
import { forkEngine } from './fork.ts';
import type { LoadOrder } from './order.ts';
import { builtServer } from './serverBuild.ts';
import { createEngine, type Engine } from './supervisor.ts';
import { ask, plan, quant } from './testModel.ts';

type Environment = Record<string, string>;

export interface TestEngine {
  engine: Engine;
  /** Every process that was started, oldest first, with what the engine asked for in its environment. */
  started: { asked: Environment | undefined; process: EngineProcess }[];
  /** The state once it is ready or failed. */
  settled(): Promise<EngineState>;
  /** The whole answer to "Hi!". */
  answer(): Promise<string>;
  /** Settles when every process is gone. */
  close(): Promise<void>;
}

const { cache } = defaultFolders();

/** What tests on software cards need, and says what is not here: those tests are skipped. `server` is llama-server's folder. */
export function softwareCards(): { noGpu: boolean; server: string | undefined } {
  const noGpu = missing();
  if (noGpu) console.log(`Skipped: ${noGpu}`);
  const server = noGpu ? undefined : builtServer({ cacheFolder: cache, compute: 'vulkan' });
  if (!noGpu && !server) console.log('Skipped: llama-server is not built here for Vulkan');
  return { noGpu: noGpu !== undefined, server };
}

/** Its processes have what `environment` gives on top of what the engine asks for. */
export function createTestEngine(environment: (asked: Environment | undefined) => Environment): TestEngine {
  const started: TestEngine['started'] = [];
  const engine = createEngine({
    platform: {
      folders: { data: '', cache, models: os.tmpdir() },
      startEngine(asked) {
        const process = forkEngine({ entry: path.join(import.meta.dirname, 'host.ts'), env: { ATELIER_THREADS: '1', ...environment(asked) } });
        started.push({ asked, process });
        return process;
      },
    },
    log: { info() {}, warn() {}, error() {} },
  });
  return {
    engine,
    started,
    async settled() {
      for await (const state of engine.watch(AbortSignal.timeout(60_000))) if (state.status === 'ready' || state.status === 'failed') return state;
      throw new Error('never settled');
    },
    async answer() {
      let text = '';
      await engine.generate('tiny', ask('Hi!'), (event) => {
        if (event.type === 'text') text += event.text;
      });
      return text;
    },
    async close() {
      await engine.close();
      await Promise.all(started.map(({ process }) => process.exited));
    },
  };
}

/** The tiny model, with all its layers on the GPU unless the plan is changed. */
export function tinyOrder(changes: Partial<LoadOrder['plan']> = {}, rest: Partial<LoadOrder> = {}): LoadOrder {
  const asked = plan({ vision: false, gpuLayers: 5, ...changes });
  const { batchSize: _, ...settings } = asked;
  const facts = { architecture: 'qwen35', blockCount: 4, embeddingLength: 256 } as ModelFacts;
  return { modelId: 'tiny', files: [quant.q4], facts, settings, plan: asked, ...rest };
}
