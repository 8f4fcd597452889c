/** Entry of an engine process: serves the control contract to core, and ends with it. */
import { control, type GenerateEvent, type LoadEvent } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { serve } from '../../shared/rpc/serve.ts';
import type { Backend } from './backend.ts';
import { coalesce } from './coalesce.ts';
import { llama, threads } from './llama.ts';
import { createLlamaServer } from './llamaServer.ts';
import { createNodeLlamaCpp } from './nodeLlamaCpp.ts';
import { parentPort } from './ports.ts';
import { progressive } from './progressive.ts';

/** The control contract over one backend: one model for the life of the process. */
export function createHost(): Handlers<typeof control> {
  let backend: Backend | undefined;
  let running: { turnId: string; stop: AbortController } | undefined;

  return {
    async hardware({ folder }) {
      const { readHardware } = await import('../hardware/probe.ts');
      return readHardware(await llama(), folder);
    },

    async estimate(request, { signal }) {
      const { askMemory } = await import('../memory/ask.ts');
      return askMemory(await llama(), request, signal);
    },

    async bandwidth({ onGpu }) {
      const { measureBandwidth } = await import('../hardware/bandwidth.ts');
      return measureBandwidth(await llama(), { onGpu, threads: threads() });
    },

    async *load(request, { signal }): AsyncGenerator<LoadEvent> {
      if (backend) throw new Fault('engine.busy', 'This engine holds a model already');
      const loading = request.projector ? createLlamaServer() : createNodeLlamaCpp();
      backend = loading;
      try {
        void loading.lost?.then((reason) => {
          console.error(`error: llama-server ended: ${reason}`);
          // After the answer that was running has been told.
          setImmediate(() => process.exit(1));
        });
        const model = yield* progressive((on) => loading.load(request, on, signal));
        yield { type: 'loaded', model };
      } catch (error) {
        backend = undefined;
        throw error;
      }
    },

    async *generate(request, { signal }): AsyncGenerator<GenerateEvent> {
      if (!backend) throw new Fault('engine.notLoaded', 'No model is loaded');
      if (running) throw new Fault('engine.busy', 'The model is answering already');
      const answering = backend;
      const stop = new AbortController();
      running = { turnId: request.turnId, stop };
      const abandon = (): void => stop.abort();
      signal.addEventListener('abort', abandon);
      try {
        const stats = yield* coalesce((on) => answering.generate(request, on, stop.signal));
        yield { type: 'end', stats };
      } finally {
        signal.removeEventListener('abort', abandon);
        stop.abort();
        running = undefined;
      }
    },

    stop({ turnId }) {
      if (running?.turnId === turnId) running.stop.abort();
    },
  };
}

const port = parentPort();
if (port) {
  serve(control, createHost(), { ...port, listen: (onFrame) => port.listen(onFrame, () => process.exit()) }, (error, method) => console.error(method, error));
}
