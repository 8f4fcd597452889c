/** `atelier estimate`: what a model takes on this computer, as an object for programs and as text for people. */
import path from 'node:path';
import type { MemorySource } from '../../shared/contract/core.ts';
import { createFormat } from '../../shared/format.ts';
import { type QualityWord, quantizationQuality } from '../../shared/quality.ts';
import { type Candidate, type Recommendation, recommend } from '../../shared/recommend.ts';
import { Fault } from '../../shared/result.ts';
import type { ModelDetail, Quantization } from '../../shared/schemas/hub.ts';
import { type ContextLimits, type Estimate, type LoadSettings, type MemorySplit, splitTotal } from '../../shared/schemas/memory.ts';
import { readModel } from '../hub/files.ts';
import { type Target, UsageError } from './arguments.ts';
import { recommendationSentence, speedSentence, verdictSentence } from './sentences.ts';
import type { Services } from './services.ts';
import { table } from './table.ts';

interface Side {
  total: number;
  weights: number;
  kv: number;
  state: number;
  compute: number;
  projector: number;
}

/** The output of `--json`: documented in docs/cli.md and stable. Bytes and tokens. */
export interface EstimateReport {
  /** `owner/name:label`, or the file. */
  model: string;
  engine: 'node-llama-cpp' | 'llama-server';
  method: 'simulated' | 'formula';
  context: number;
  kv: LoadSettings['kvType'];
  gpuLayers: number;
  /** Only where it is not none. */
  expertsInRam?: number;
  vram: Side;
  ram: Side;
  free: { vram: number | null; ram: number };
  verdict: Estimate['verdict'];
  maxContext: ContextLimits;
}

export interface Estimated {
  report: EstimateReport;
  text: string;
}

/**
 * On the cards of the app's settings. Errors: those of the Hub, `library.notFound`, `gguf.*`, `memory.unknown`, `engine.noCard`; `UsageError` for a
 * quantization that is not there.
 */
export async function runEstimate(services: Services, target: Target, asked: LoadSettings, signal: AbortSignal): Promise<Estimated> {
  const settings = onCards(services, asked);
  if (target.kind === 'file') {
    const source = { kind: 'library', id: target.path } as const;
    const estimate = await services.memory.estimate({ source, settings }, signal);
    return report(services, { model: target.path, title: path.basename(target.path), source, estimate }, signal);
  }
  const model = await readModel(services.hub, target.repo, signal);
  const { quantization, estimate, recommendation } =
    target.quantization === undefined ? await bestOf(services, model, settings, signal) : await chosen(services, model, target.quantization, settings, signal);
  const of = { model: `${model.id}:${quantization.label}`, title: titleOf(model, quantization), source: sourceOf(model, quantization), estimate };
  return report(services, { ...of, ...(recommendation && { recommendation }) }, signal);
}

/** `settings` with the cards that the app would use. */
export function onCards(services: Pick<Services, 'settings'>, settings: LoadSettings): LoadSettings {
  const { cards } = services.settings.get().load;
  return { ...settings, ...(cards && { cards }) };
}

const sourceOf = ({ id: repo, commit }: ModelDetail, { id }: Quantization): MemorySource => ({ kind: 'hub', repo, commit, quantization: id });

type Chosen = Candidate & { recommendation?: Recommendation };

/** By label, or by path in the repository. */
async function chosen({ memory }: Services, model: ModelDetail, wanted: string, settings: LoadSettings, signal: AbortSignal): Promise<Chosen> {
  const quantization = namedQuantization(model, wanted);
  return { quantization, estimate: await memory.estimate({ source: sourceOf(model, quantization), settings }, signal) };
}

/** By path in the repository, or by label in any case. Throws `UsageError`. */
export function namedQuantization({ id: repo, quantizations }: ModelDetail, wanted: string): Quantization {
  const found = quantizations.find(({ id }) => id === wanted) ?? quantizations.find(({ label }) => label.toLowerCase() === wanted.toLowerCase());
  if (found) return found;
  throw new UsageError(`${repo} has no quantization "${wanted}". It has: ${quantizations.map(({ label }) => label).join(', ') || 'none'}.`);
}

/** The best one for this computer, and why. Every quantization is priced; one whose header cannot be read is passed over while there are others. */
export async function bestOf({ memory }: Services, model: ModelDetail, settings: LoadSettings, signal: AbortSignal): Promise<Chosen> {
  const runnable = model.quantizations.filter(({ unsupported }) => unsupported === undefined);
  const priced = await Promise.allSettled(
    runnable.map(
      async (quantization): Promise<Candidate> => ({
        quantization,
        estimate: await memory.estimate({ source: sourceOf(model, quantization), settings }, signal),
      }),
    ),
  );
  const candidates = priced.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const recommendation = recommend(candidates);
  const best = candidates.find(({ quantization }) => quantization.id === recommendation?.id);
  if (best && recommendation) return { ...best, recommendation };
  const failed = priced.find((each) => each.status === 'rejected');
  throw failed ? failed.reason : new Fault('memory.unknown', `${model.id} has no quantization that llama.cpp can run.`, { file: model.id });
}

interface Of {
  model: string;
  title: string;
  source: MemorySource;
  estimate: Estimate;
  recommendation?: Recommendation;
}

async function report({ memory }: Services, { model, title, source, estimate, recommendation }: Of, signal: AbortSignal): Promise<Estimated> {
  const { settings, layers, gpu, ram, free, verdict } = estimate;
  const maxContext = await memory.limits({ source, settings }, signal);
  const made: EstimateReport = {
    model,
    engine: estimate.engine,
    method: estimate.basis === 'exact' ? 'simulated' : 'formula',
    context: settings.contextSize,
    kv: settings.kvType,
    gpuLayers: layers.onGpu,
    ...(layers.expertsInRam !== undefined && { expertsInRam: layers.expertsInRam }),
    vram: sideOf(gpu),
    ram: sideOf(ram),
    free: { vram: free.gpu, ram: free.ram },
    verdict,
    maxContext,
  };
  return { report: made, text: textOf(title, made, estimate, recommendation) };
}

const sideOf = (split: MemorySplit): Side => {
  const { weights, kvCache: kv, state, compute, projector } = split;
  return { total: splitTotal(split), weights, kv, state, compute, projector };
};

const format = createFormat('en-GB');

function titleOf(model: ModelDetail, quantization: Quantization): string {
  const { word, kld } = quantizationQuality(quantization);
  const quality = `${qualityNames[word]}${kld === undefined ? '' : ` (KLD ${kld})`}`;
  return [`${model.id}:${quantization.label}`, format.fileSize(quantization.size), quality].join(' · ');
}

/** The page's words, in English. */
export const qualityNames: Record<QualityWord, string> = {
  original: 'original',
  lossless: 'lossless',
  nearLossless: 'near-lossless',
  veryGood: 'very good',
  good: 'good',
  fair: 'fair',
  poor: 'poor',
  unknown: 'quality unknown',
};

function textOf(title: string, made: EstimateReport, estimate: Estimate, recommendation: Recommendation | undefined): string {
  const { vram, ram, free, maxContext } = made;
  const size = (bytes: number | null): string => (bytes === null ? 'unknown' : bytes === 0 ? '-' : format.memory(bytes));
  const names: [keyof Side, string][] = [
    ['weights', 'weights'],
    ['kv', `KV cache (${made.kv})`],
    ['state', 'state'],
    ['compute', 'compute'],
    ['projector', 'vision'],
    ['total', 'total'],
  ];
  const rows = names.map(([key, name]) => [name, size(vram[key]), size(ram[key])]);
  const cards = (estimate.cards ?? []).map(({ id, name, needs, free }) => [`#${id + 1}`, name, size(needs), size(free)]);
  const limit = (tokens: number | null): string => (tokens === null ? 'none' : `${format.count(tokens)} tokens`);
  return [
    title,
    ...(recommendation ? [recommendationSentence(recommendation)] : []),
    '',
    table([['', 'GPU', 'RAM'], ...rows, ['free now', size(free.vram), size(free.ram)]], [1, 2]),
    ...(cards.length > 0 ? ['', table([['card', '', 'takes', 'free now'], ...cards], [2, 3])] : []),
    '',
    verdictSentence(estimate),
    ...(estimate.speed ? [speedSentence(estimate.speed)] : []),
    `Largest context: ${limit(maxContext.f16)} with f16, ${limit(maxContext.q8_0)} with q8_0${maxContext.q4_0 === undefined ? '' : `, ${limit(maxContext.q4_0)} with q4_0`}.`,
    origin(made, cards.length),
  ].join('\n');
}

function origin({ method, engine, expertsInRam }: EstimateReport, cards: number): string {
  const itself = `As llama.cpp itself plans it (${engine})`;
  if (method === 'simulated') return `${itself}.`;
  if (expertsInRam) return `${itself}, the experts moved by our own count: the GPU takes this at most.`;
  return cards > 1 ? `${itself}, divided by our own count: each card takes this at most.` : 'By our formula: llama.cpp could not be asked.';
}
