/** What a model is and which of its quantizations to take on this machine, for the rows of a search. */
import type { MemorySource } from '../../shared/contract/core.ts';
import { quantizationQuality } from '../../shared/quality.ts';
import { type Candidate, recommend } from '../../shared/recommend.ts';
import { Fault } from '../../shared/result.ts';
import type { ModelDetail, ModelTraits, Quantization } from '../../shared/schemas/hub.ts';
import { type Estimate, type LoadSettings, splitTotal } from '../../shared/schemas/memory.ts';
import { createJoined } from './joined.ts';

export interface TraitsParts {
  /** A repository of the Hub as it is now. */
  model(repo: string, signal: AbortSignal): Promise<ModelDetail>;
  estimate(question: { source: MemorySource; settings: LoadSettings }, signal: AbortSignal): Promise<Estimate>;
  /** How a person loads models. */
  settings(): LoadSettings;
}

export interface Traits {
  /**
   * Costs the model's page and a header, and after that a few kilobytes for each of at most nine estimates; kept for five minutes, as free
   * memory changes. Questions at the same time are one. `best` is absent where nothing runs or the files cannot be measured. Faults:
   * those of the Hub, but for a gated one's files.
   */
  traits(repo: string, signal: AbortSignal): Promise<ModelTraits>;
}

const ageMs = 5 * 60_000;
const mostKept = 500;

/** Traits by real estimates. */
export function createTraits({ model, estimate, settings }: TraitsParts): Traits {
  const joined = createJoined<ModelTraits>();
  const kept = new Map<string, { traits: ModelTraits; at: number }>();

  return {
    async traits(repo, signal) {
      const detail = await model(repo, signal);
      const wanted = settingsFor(detail, settings());
      const key = JSON.stringify([repo, detail.commit, wanted]);
      const found = kept.get(key);
      if (found && Date.now() - found.at < ageMs) return found.traits;
      return joined(key, signal, async (until) => {
        const ask = (quantization: string): Promise<Estimate> =>
          estimate({ source: { kind: 'hub', repo, commit: detail.commit, quantization }, settings: wanted }, until);
        const best = detail.runnable ? await bestOf(detail.quantizations, ask) : undefined;
        const traits = { ...factsOf(repo, detail), ...(best && { best }) };
        kept.delete(key);
        kept.set(key, { traits, at: Date.now() });
        if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
        return traits;
      });
    },
  };
}

/** As the model's page asks. */
const settingsFor = ({ contextLength, projector }: ModelDetail, wanted: LoadSettings): LoadSettings => ({
  ...wanted,
  contextSize: Math.max(256, Math.min(wanted.contextSize, contextLength ?? wanted.contextSize)),
  vision: wanted.vision && projector !== undefined,
});

function factsOf(
  repo: string,
  { architecture, runnable, parameters, contextLength, vision, tools, thinking, system, licence, commercial }: ModelDetail,
): ModelTraits {
  return {
    ...{ repo, runnable, vision, tools, thinking, system, commercial },
    ...(architecture !== undefined && { architecture }),
    ...(parameters !== undefined && { parameters }),
    ...(contextLength !== undefined && { contextLength }),
    ...(licence !== undefined && { licence }),
  };
}

async function bestOf(quantizations: readonly Quantization[], ask: (id: string) => Promise<Estimate>): Promise<ModelTraits['best']> {
  try {
    const candidates = await measured(quantizations, ask);
    const chosen = candidates.find(({ quantization }) => quantization.id === recommend(candidates)?.id);
    if (!chosen || chosen.estimate.verdict === 'no') return undefined;
    const { quantization, estimate } = chosen;
    const { verdict, layers, gpu, ram } = estimate;
    return { quantization: quantization.id, label: quantization.label, size: quantization.size, needs: splitTotal(gpu) + splitTotal(ram), verdict, layers };
  } catch (error) {
    // These files cannot be measured, now or later; anything else may pass.
    if (error instanceof Fault && /^(?:gguf\.|memory\.|hub\.gated$)/.test(error.code)) return undefined;
    throw error;
  }
}

/**
 * The estimates that `recommend` chooses by, as few as can tell: of the best that fits, found by halving, as a worse one is smaller; of
 * those right after it, which leave more room; and of the good one with most on the GPU, where what fits is not good. Without a GPU, of
 * the first good one. `quantizations` come best first.
 */
async function measured(quantizations: readonly Quantization[], ask: (id: string) => Promise<Estimate>): Promise<Candidate[]> {
  const supported = quantizations.filter(({ unsupported }) => unsupported === undefined);
  const quantized = supported.filter((each) => wordOf(each) !== 'original');
  // Nobody can tell F16 from Q8_0.
  const rows = quantized.length > 0 ? quantized : supported;
  const asked = new Map<number, Estimate>();
  const verdictAt = async (index: number): Promise<Estimate['verdict']> => {
    const estimate = asked.get(index) ?? (await ask(rows[index]!.id));
    asked.set(index, estimate);
    return estimate.verdict;
  };
  if (rows.length === 0) return [];
  await verdictAt(0);
  const onlyRam = asked.get(0)!.free.gpu === 0;
  const wanted: Estimate['verdict'][] = onlyRam ? ['ram'] : ['fits', 'tight'];
  const holds = async (index: number): Promise<boolean> => wanted.includes(await verdictAt(index));
  const first = (await holds(0)) ? 0 : await firstThat(holds, 1, rows.length);
  let last = first;
  while (!onlyRam && last < rows.length && (await verdictAt(last)) === 'tight' && last < first + mostTight) last++;
  if (last + 1 < rows.length) await verdictAt(last + 1);
  const found = rows[last];
  const enough = found !== undefined && fairWords.includes(wordOf(found));
  const good = onlyRam
    ? rows.findIndex((each, index) => index >= first && wordOf(each) === 'good')
    : enough
      ? -1
      : rows.findLastIndex((each) => goodWords.includes(wordOf(each)));
  if (good >= 0) await verdictAt(good);
  return [...asked].map(([index, estimate]) => ({ quantization: rows[index]!, estimate }));
}

/** Rows that fit but hardly, which are passed for one that fits with room to spare. */
const mostTight = 2;

const wordOf = (quantization: Quantization) => quantizationQuality(quantization).word;
const goodWords = ['original', 'lossless', 'nearLossless', 'veryGood', 'good'];
const fairWords = [...goodWords, 'fair'];

/** The first of `low` to `high - 1` for which `holds`, where it holds for all after it too; `high` where it never does. */
async function firstThat(holds: (index: number) => Promise<boolean>, low: number, high: number): Promise<number> {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (await holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
