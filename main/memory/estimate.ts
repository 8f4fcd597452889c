/** What a quantization on the Hub or a model on disk takes on this machine, and the plan to load exactly that. */
import type { EstimateAnswer, EstimateRequest, LoadPlan } from '../../shared/contract/control.ts';
import type { MemorySource } from '../../shared/contract/core.ts';
import { Fault } from '../../shared/result.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import type { Estimate, LoadSettings } from '../../shared/schemas/memory.ts';
import type { Header, Headers } from '../gguf/headers.ts';
import { mostLayers, roomOf, verdictOf } from './verdict.ts';

export interface MemoryParts {
  headers: Pick<Headers, 'forHub' | 'forFile'>;
  library: { resolve(id: string): Promise<{ files: string[]; projector?: string }> };
  engine: { estimate(request: EstimateRequest): Promise<EstimateAnswer>; hardware(folder: string): Promise<Hardware> };
  /** The models folder, whose disk is looked at. */
  folder: string;
  /** A repository of the Hub as it is now. */
  model(repo: string, signal: AbortSignal): Promise<ModelDetail>;
  /** Bytes that the model which is loaded now holds: a load frees them first. */
  loaded?: () => { gpu: number; ram: number } | undefined;
}

export interface Memory {
  /** Bytes on both sides, the verdict, and the layers that `auto` comes to. Errors: those of the Hub, `library.notFound`, `gguf.*`, `memory.unknown`. */
  estimate(question: { source: MemorySource; settings: LoadSettings }, signal: AbortSignal): Promise<Estimate>;
  /** What to load: the numbers that were shown, with nothing left to choose. */
  plan(settings: LoadSettings, estimate: Estimate): LoadPlan;
}

/** Tokens that are processed at once, in every estimate and every load. */
const batchSize = 512;
/** Milliseconds for which free memory counts as read just now. */
const fresh = 2_000;
/** Answers kept: some positions of the slider for a repository's quantizations. */
const keptAnswers = 1_000;

/** Estimates memory by asking the engine. */
export function createMemory({ headers, library, engine, folder, model, loaded = () => undefined }: MemoryParts): Memory {
  const answers = new Map<string, Promise<EstimateAnswer>>();
  let read: { at: number; hardware: Promise<Hardware> } | undefined;

  function ask(request: EstimateRequest): Promise<EstimateAnswer> {
    const key = JSON.stringify(request);
    const known = answers.get(key);
    if (known) return known;
    const answer = engine.estimate(request);
    answers.set(key, answer);
    answer.catch(() => answers.delete(key));
    if (answers.size > keptAnswers) answers.delete(answers.keys().next().value!);
    return answer;
  }

  function hardware(): Promise<Hardware> {
    if (read && performance.now() - read.at < fresh) return read.hardware;
    const reading = { at: performance.now(), hardware: engine.hardware(folder) };
    read = reading;
    reading.hardware.catch(() => {
      if (read === reading) read = undefined;
    });
    return reading.hardware;
  }

  async function headersOf(source: MemorySource, vision: boolean, signal: AbortSignal): Promise<{ model: Header; projector?: Header }> {
    if (source.kind === 'library') {
      const { files, projector } = await library.resolve(source.id);
      const [own, image] = await Promise.all([headers.forFile(files, signal), vision && projector ? headers.forFile([projector], signal) : undefined]);
      return { model: own, ...(image && { projector: image }) };
    }
    const { repo } = source;
    const { quantizations, projector, commit } = await model(repo, signal);
    const files = quantizations.find(({ id }) => id === source.quantization)?.files;
    if (!files) throw new Fault('hub.notFound', `${repo} no longer has ${source.quantization}.`, { repo });
    const [own, image] = await Promise.all([
      headers.forHub({ repo, commit, files }, signal),
      vision && projector ? headers.forHub({ repo, commit, files: [projector] }, signal) : undefined,
    ]);
    return { model: own, ...(image && { projector: image }) };
  }

  return {
    async estimate({ source, settings: asked }, signal) {
      const settings = possible(asked);
      const [found, machine] = await Promise.all([headersOf(source, settings.vision, signal), hardware()]);
      const at = (gpuLayers: number): Promise<EstimateAnswer> => {
        signal.throwIfAborted();
        const plan: LoadPlan = { ...settings, gpuLayers, batchSize };
        return ask({ header: found.model.path, ...(found.projector && { projector: found.projector.path }), plan });
      };
      const room = roomOf(machine, loaded());
      const all = (found.model.facts.blockCount ?? 0) + 1;
      const answer = settings.gpuLayers === 'auto' ? await mostLayers(await at(all), room, at) : await at(Math.min(settings.gpuLayers, all));
      signal.throwIfAborted();
      const { basis, layers, gpu, ram, trainContext } = answer;
      const free = { gpu: machine.vram.free === null ? null : room.gpu, ram: room.ram };
      return { basis, settings, layers, gpu, ram, free, verdict: verdictOf(answer, room), trainContext };
    },

    plan: (settings, { layers }) => ({ ...possible(settings), gpuLayers: layers.onGpu, batchSize }),
  };
}

/** llama.cpp keeps values in blocks only with flash attention, so a quantized cache brings it. */
const possible = (settings: LoadSettings): LoadSettings => (settings.kvType === 'f16' ? settings : { ...settings, flashAttention: true });
