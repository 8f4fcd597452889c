/** What a quantization on the Hub or a model on disk takes on this machine, and the plan to load exactly that. */
import type { EstimateAnswer, EstimateRequest, LoadPlan } from '../../shared/contract/control.ts';
import type { MemorySource } from '../../shared/contract/core.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { type ContextLimits, type Estimate, type LoadSettings, memorySettings, splitTotal, usualLoad } from '../../shared/schemas/memory.ts';
import type { Header } from '../gguf/headers.ts';
import { createJoined } from '../hub/joined.ts';
import { createFinder, type FinderParts, type Found } from './found.ts';
import { contextLimits } from './limits.ts';
import { createMachine, type MachineParts } from './machine.ts';
import { heldByCards, saidOfEach, saidOfOne } from './perCard.ts';
import { dividedByMemory, longest, possible, withoutGuesses, withoutServer } from './possible.ts';
import { bytesPerToken, type Speed } from './speed.ts';
import { fewestExperts, mostLayers, neededBytes, onTop, verdictOf } from './verdict.ts';

export interface MemoryParts extends FinderParts, MachineParts {
  engine: MachineParts['engine'] & { estimate(request: EstimateRequest, signal?: AbortSignal): Promise<EstimateAnswer> };
  /** Bytes that models which are loaded now hold, on the GPU of these cards: a load frees them first. */
  loaded?: (cards: LoadSettings['cards']) => { gpu: number; ram: number } | undefined;
  /** Whether llama-server would run a model without pictures on this machine now. */
  served?: (settings: LoadSettings, machine: Hardware) => boolean;
  /** Predicts tokens per second. */
  speed?: Pick<Speed, 'of' | 'probe'>;
}

export interface Memory {
  /** Bytes on both sides, the verdict, and the layers, or the experts in RAM, that `auto` comes to. Errors: those of the Hub, `library.notFound`, `gguf.*`, `memory.unknown`. */
  estimate(question: { source: MemorySource; settings: LoadSettings }, signal: AbortSignal): Promise<Estimate>;
  /**
   * The largest contexts that fit this machine as it is now, whatever context `settings` have, with all layers on the GPU or as many
   * as were chosen: null for one that nothing fits. Errors as of `estimate`.
   */
  limits(question: { source: MemorySource; settings: LoadSettings }, signal: AbortSignal): Promise<ContextLimits>;
  /** What must be free for a load of what was estimated, in bytes, with the margins that are kept beside it. */
  needs(estimate: Estimate): Promise<{ gpu: number; ram: number }>;
  /** What to load: the numbers that were shown, with nothing left to choose. */
  plan(settings: LoadSettings, estimate: Estimate): LoadPlan;
}

/** Milliseconds without a question before this machine's speed is measured, which questions would have to wait for. */
const calm = 700;
/** Bytes that must be free for it, twice what it takes. */
const probeRoom = 2 ** 30;
/** Answers kept: some positions of the slider for a repository's quantizations. */
const keptAnswers = 1_000;

/** Estimates memory by asking the engine. */
export function createMemory({ loaded = () => undefined, served = () => false, speed, ...parts }: MemoryParts): Memory {
  const { engine } = parts;
  const find = createFinder(parts);
  const { hardware, roomFor } = createMachine(parts);
  const answers = new Map<string, EstimateAnswer>();
  const joined = createJoined<EstimateAnswer>();
  /** What came on top of the layers that `auto` came to, by the model's header. */
  const lastOnTop = new Map<string, number>();
  let probing: NodeJS.Timeout | undefined;
  let limiting: Promise<unknown> = Promise.resolve();

  /** Asked once for all who wait, and dropped when nobody does. */
  async function ask(request: EstimateRequest, signal: AbortSignal): Promise<EstimateAnswer> {
    const key = JSON.stringify(request);
    const known = answers.get(key);
    if (known) return known;
    const answer = await joined(key, signal, (until) => engine.estimate(request, until));
    keep(answers, key, answer);
    return answer;
  }

  const requestOf = ({ model, projector, draft }: Found, settings: LoadSettings, gpuLayers: number, machine: Hardware, expertsInRam = 0): EstimateRequest => ({
    header: model.path,
    ...(projector && { projector: projector.path }),
    ...(draft && settings.speculation && { draft: draft.path }),
    plan: {
      ...dividedByMemory(memorySettings(settings)),
      gpuLayers,
      batchSize: settings.batchSize ?? usualLoad.batchSize,
      ...(expertsInRam > 0 && { expertsInRam }),
    },
    ...(served(settings, machine) && { served: true }),
  });

  /** The speed of what this machine holds; where it is not known yet, it is measured once nobody asks. */
  function speedOf({ id, model }: Found, settings: LoadSettings, answer: EstimateAnswer, machine: Hardware): Estimate['speed'] {
    if (!speed) return undefined;
    const range = speed.of({ modelId: id, settings, answer, bits: bitsOf(model), machine });
    const roomy = Math.min(machine.ram.free, answer.layers.onGpu > 0 ? (machine.vram.free ?? Infinity) : Infinity) >= probeRoom;
    clearTimeout(probing);
    if (!range && roomy) probing = setTimeout(() => void speed.probe({ settings, answer, machine }), calm).unref();
    return range;
  }

  /** Of a weight, on average over the tensor table. */
  const bitsOf = ({ facts: { weightBytes, parameters } }: Header): number => (weightBytes * 8) / parameters;

  const layersOf = ({ model }: Found): number => (model.facts.blockCount ?? 0) + 1;

  return {
    async estimate({ source, settings: asked }, signal) {
      const [found, machine] = await Promise.all([find(source, asked, signal), hardware(asked.cards)]);
      const settings = possible(asked, found);
      const at = (gpuLayers: number, expertsInRam?: number): Promise<EstimateAnswer> =>
        ask(requestOf(found, settings, gpuLayers, machine, expertsInRam), signal);
      const room = await roomFor(machine, asked.cards, loaded(asked.cards));
      const all = layersOf(found);
      const automatic = async (): Promise<EstimateAnswer> => {
        const whole = await at(all);
        const best = await mostLayers(whole, room, (gpuLayers) => at(gpuLayers), lastOnTop.get(found.model.path));
        if (best.layers.onGpu === best.layers.total) return best;
        keep(lastOnTop, found.model.path, onTop(best));
        // Where both sides are the same memory, nothing is won.
        const experts = machine.vram.unified ? undefined : fewestExperts(whole, room);
        const spread = experts === undefined ? undefined : await at(all, experts);
        return spread && verdictOf(spread, room) !== 'no' && readInRam(spread) < readInRam(best) ? spread : best;
      };
      const answer = settings.gpuLayers === 'auto' ? await automatic() : await at(Math.min(settings.gpuLayers, all));
      signal.throwIfAborted();
      const { basis, engine: runner, layers, gpu, ram, trainContext } = answer;
      const free = { gpu: machine.vram.free === null ? null : room.gpu, ram: room.ram };
      const here = runner === 'llama-server' ? settings : withoutServer(settings);
      const held = room.cards && heldByCards(answer, layers, room.cards);
      const cards = held ? saidOfEach(held, room.cards!) : saidOfOne(asked, machine, free.gpu, splitTotal(gpu));
      const said: Estimate = {
        basis: held ? 'about' : basis,
        engine: runner,
        settings: here,
        layers,
        gpu,
        ram,
        free,
        ...(cards && { cards }),
        verdict: verdictOf(answer, room),
        trainContext,
        ...(found.model.facts.stretch && { ropeWays: found.model.facts.stretch.ways }),
        bitsPerWeight: bitsOf(found.model),
      };
      const tokensPerSecond = speedOf(found, here, answer, machine);
      return tokensPerSecond ? { ...said, speed: tokensPerSecond } : said;
    },

    async limits({ source, settings: asked }, signal) {
      const [found, machine] = await Promise.all([find(source, asked, signal), hardware(asked.cards)]);
      const room = await roomFor(machine, asked.cards, loaded(asked.cards));
      const layers = asked.gpuLayers === 'auto' ? layersOf(found) : Math.min(asked.gpuLayers, layersOf(found));
      // One search at a time, so that a question that a person waits for has at most one of its questions before it.
      const answer = limiting.then(() =>
        contextLimits(longest(asked, found.model.facts) ?? 0, room, asked.kvType, (contextSize, kvType) =>
          ask(requestOf(found, possible({ ...asked, contextSize, kvType }, found), layers, machine), signal),
        ),
      );
      limiting = answer.catch(() => {});
      return answer;
    },

    async needs(estimate) {
      const { cards } = estimate.settings;
      return neededBytes(estimate, await roomFor(await hardware(cards), cards));
    },

    plan: (settings, { settings: { contextSize, flashAttention, speculation, cards }, layers: { onGpu, expertsInRam } }) => ({
      ...withoutGuesses(settings),
      ...(speculation && { speculation }),
      ...(cards && { cards }),
      contextSize,
      flashAttention,
      gpuLayers: onGpu,
      batchSize: settings.batchSize ?? usualLoad.batchSize,
      ...(expertsInRam !== undefined && { expertsInRam }),
    }),
  };
}

/** Keeps a value, and forgets the oldest of too many. */
function keep<V>(kept: Map<string, V>, key: string, value: V): void {
  kept.set(key, value);
  if (kept.size > keptAnswers) kept.delete(kept.keys().next().value!);
}

/** Bytes of RAM that a token reads at most, which is what the answer waits for. */
const readInRam = (answer: EstimateAnswer): number => bytesPerToken(answer)?.ram.most ?? Infinity;
