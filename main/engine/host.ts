/** Entry of an engine process: serves the control contract to core, and ends with it. */
import { control, type GenerateEvent, type LoadEvent } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { serve } from '../../shared/rpc/serve.ts';
import { type Backend, chooseBackend } from './backend.ts';
import { coalesce } from './coalesce.ts';
import { isDeviceLost } from './crash.ts';
import { llama, threads } from './llama.ts';
import { createLlamaServer } from './llamaServer.ts';
import { createNodeLlamaCpp } from './nodeLlamaCpp.ts';
import { parentPort } from './ports.ts';
import { progressive } from './progressive.ts';

/** The control contract over one backend: one model for the life of the process. */
export function createHost(): Handlers<typeof control> {
  let backend: Backend | undefined;
  let slots = 1;
  /** By turn. */
  const running = new Map<string, { slot: number; stop: AbortController }>();
  /** The last answers are being read as the next prompts will quote them, while nobody asks; by slot. */
  const settling = new Map<number, { stop: AbortController; done: Promise<void> }>();

  const settle = (backend: Backend, slot: number): void => {
    const stop = new AbortController();
    settling.set(slot, { stop, done: backend.settle(slot, stop.signal).catch((error: unknown) => console.error('settle', error)) });
  };
  /** The model, where nobody is using this slot. */
  const unused = (slot: number): Backend => {
    if (!backend) throw new Fault('engine.notLoaded', 'No model is loaded');
    if (slot >= slots || [...running.values()].some((one) => one.slot === slot)) throw new Fault('engine.busy', 'The model is answering already');
    return backend;
  };
  const calm = async (slot: number): Promise<void> => {
    settling.get(slot)?.stop.abort();
    await settling.get(slot)?.done;
  };

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
      const loading = chooseBackend(request) === 'llama-server' ? createLlamaServer() : createNodeLlamaCpp();
      backend = loading;
      try {
        void loading.lost?.then((reason) => {
          console.error(`error: llama-server ended: ${reason}`);
          // After the answer that was running has been told.
          setImmediate(() => process.exit(1));
        });
        const model = yield* progressive((on) => loading.load(request, on, signal));
        slots = model.slots ?? 1;
        yield { type: 'loaded', model };
      } catch (error) {
        backend = undefined;
        throw error;
      }
    },

    async *generate(request, { signal }): AsyncGenerator<GenerateEvent> {
      const { turnId, slot = 0 } = request;
      const model = unused(slot);
      const stop = new AbortController();
      running.set(turnId, { slot, stop });
      const abandon = (): void => stop.abort();
      signal.addEventListener('abort', abandon);
      let answered = false;
      try {
        await calm(slot);
        const stats = yield* coalesce((on) => model.generate(request, on, stop.signal));
        answered = true;
        yield { type: 'end', stats };
      } catch (error) {
        // A lost card stays lost for this process: its end is told as a crash, and the next message gets a new one.
        if (!isDeviceLost(error)) throw error;
        console.error(`error: ${(error as Error).message}`);
        process.exit(1);
      } finally {
        signal.removeEventListener('abort', abandon);
        stop.abort();
        running.delete(turnId);
        if (answered) settle(model, slot);
      }
    },

    async ledger({ request }) {
      if (!backend) throw new Fault('engine.notLoaded', 'No model is loaded');
      return backend.ledger(request);
    },

    async saveState({ file, slot }) {
      const model = unused(slot);
      await calm(slot);
      return model.saveState(file, slot);
    },

    async restoreState({ file, slot }) {
      const model = unused(slot);
      await calm(slot);
      return model.restoreState(file, slot);
    },

    async unload() {
      await backend?.dispose();
    },

    stop({ turnId }) {
      running.get(turnId)?.stop.abort();
    },
  };
}

const port = parentPort();
if (port) {
  serve(control, createHost(), { ...port, listen: (onFrame) => port.listen(onFrame, () => process.exit()) }, (error, method) => console.error(method, error));
}
