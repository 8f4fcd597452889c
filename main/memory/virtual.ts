/** llama.cpp's own no-allocation models: a GGUF header that can be asked what it would take, without its weights. */
import { createHash } from 'node:crypto';
import { rm, stat, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GgufInsights, type Llama, readGgufFileInfo } from 'node-llama-cpp';
import type { MemoryFacts } from '../../shared/memoryFormula.ts';
import { Fault } from '../../shared/result.ts';
import { align, dataBytes, type GgufHeader } from '../gguf/header.ts';
import { headerOf } from '../gguf/read.ts';
import { type HeaderBytes, slimHeader } from '../gguf/slim.ts';
import { tensorBytes } from '../gguf/types.ts';
import { makeScratch } from '../scratch.ts';
import { memoryFacts } from './facts.ts';

export interface VirtualModel {
  /** Answers by simulation or throws `NoSimulation`. */
  insights: GgufInsights;
  facts: MemoryFacts;
  /** The same for all quantizations of a model: a digest of its header without the types of its tensors. */
  shape: string;
  dispose(): Promise<void>;
}

/** Words that are left of a vocabulary where only few are wanted. */
const fewestWords = 32;

/** Thrown in place of node-llama-cpp's old heuristic, which is wrong by 122 % on average and must never be shown. */
export class NoSimulation extends Error {}

/**
 * Opens the model of a header file. `fewWords` gives it a vocabulary of `fewestWords`: llama-server asks for the logits of one
 * token where node-llama-cpp has llama.cpp reserve those of a whole batch, and without a vocabulary there are none to speak of.
 * Throws `gguf.architecture` where this llama.cpp does not know it, what `headerOf` throws, and `NoSimulation` where
 * node-llama-cpp cannot read it. `gpuLayers` are those of the first question.
 */
export async function openVirtual(llama: Llama, file: string, { fewWords, gpuLayers }: { fewWords: boolean; gpuLayers: number }): Promise<VirtualModel> {
  const read = await headerOf(file, { alone: true });
  const name = path.basename(file);
  const facts = memoryFacts(read.header, name);
  const stand = await standInFor(file, read, { fewWords, hole: llama.gpu === false });
  try {
    const info = await readGgufFileInfo(stand.path, { sourceType: 'filesystem', logWarnings: false });
    // Without the bytes of the header the library opens the path, and only so are the CPU's own tensor layouts counted.
    const insights = await GgufInsights.from(stand.whole ? { ...info, sourceData: [] } : info, llama);
    if (!insights.isSupportedByLlamaCpp) throw unknownArchitecture(name, read.header);
    insights.estimateModelResourceRequirements = refuse;
    insights.estimateContextResourceRequirements = refuse;
    // The file is read for the first model, and never again.
    await insights.estimateModelResourceRequirementsV2({ gpuLayers: Math.min(gpuLayers, facts.layers.length + 1), ...weightsOnly });
    return {
      insights,
      facts: fewWords ? { ...facts, vocabulary: fewestWords } : facts,
      shape: shapeOf(read.header, fewWords),
      dispose: () => disposeModels(insights),
    };
  } catch (error) {
    if (error instanceof Fault || error instanceof NoSimulation) throw error;
    throw new NoSimulation(`node-llama-cpp cannot read ${name}`, { cause: error });
  } finally {
    await stand.remove();
  }
}

/** Mapping plays no part without allocation, and mapping a hole would read it. */
export const weightsOnly = { useMmap: false, gpuSupportsMmap: false };

/** Stands where the library would fall back to its heuristic, so that the fall back fails instead of answering. */
function refuse(): never {
  throw new NoSimulation('llama.cpp could not be asked');
}

const unknownArchitecture = (file: string, header: GgufHeader): Fault => {
  const architecture = String(header.metadata.get('general.architecture') ?? '');
  return new Fault('gguf.architecture', `This llama.cpp does not know the architecture ${architecture}.`, { file, architecture });
};

interface StandIn {
  path: string;
  /** llama.cpp can open it like a model with its weights. */
  whole: boolean;
  remove(): Promise<void>;
}

/**
 * The file that llama.cpp is asked about: the header itself, or one beside the temporary files made of it. With a `hole`
 * it is followed by one of the weights' size: a sparse file that llama.cpp opens like the whole model, as it does not read
 * the weights of a model without allocation. Windows would really fill the disk; there the header alone is asked, which
 * counts the CPU's weights as they are in the file.
 */
async function standInFor(file: string, read: HeaderBytes, { fewWords, hole }: { fewWords: boolean; hole: boolean }): Promise<StandIn> {
  const keep = { path: file, remove: async () => {} };
  const digs = hole && os.platform() !== 'win32';
  if (!fewWords) {
    const whole = read.header.metadata.has('split.count') || (await stat(file)).size >= read.header.dataOffset + dataBytes(read.header);
    if (whole || !digs) return { ...keep, whole: hole && whole };
  }
  const folder = makeScratch();
  const made = path.join(folder, 'model.gguf');
  const bytes = fewWords ? slimHeader([withFewWords(read)], path.basename(file)) : read.bytes.subarray(0, read.header.dataOffset);
  await writeFile(made, bytes);
  const { header } = fewWords ? await headerOf(made, { alone: true }) : read;
  if (digs) await truncate(made, align(header.dataOffset + dataBytes(header), header.alignment));
  return { path: made, whole: digs, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** `fewWords` is another model to llama.cpp. Names, file types and the like say nothing that its graph depends on. */
function shapeOf({ metadata, tensors }: GgufHeader, fewWords: boolean): string {
  const said = [...metadata].filter(([key]) => !/^(?:general\.(?!architecture$)|quantize\.|split\.)/.test(key)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([fewWords, said, tensors.map(({ name, dimensions }) => [name, dimensions])], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

/** The model with hardly any words: nothing else about it changes. */
function withFewWords({ header, bytes }: HeaderBytes): HeaderBytes {
  const architecture = String(header.metadata.get('general.architecture') ?? '');
  const tensors = header.tensors.map((tensor) => {
    const dimensions = [tensor.dimensions[0] ?? 0, fewestWords];
    const size = /^(token_embd|output)\.weight$/.test(tensor.name) ? tensorBytes(tensor.type, dimensions) : undefined;
    return size === undefined ? tensor : { ...tensor, dimensions, bytes: size };
  });
  const metadata = new Map(header.metadata).set(`${architecture}.vocab_size`, fewestWords);
  return { bytes, header: { ...header, tensors, metadata, entries: header.entries.filter(({ key }) => key !== 'tokenizer.ggml.tokens') } };
}

/** Frees the models now rather than when they are collected; the library keeps them in a session that it doesn't show. */
async function disposeModels(insights: GgufInsights): Promise<void> {
  const { _simulationSession: session } = insights as unknown as { _simulationSession?: { dispose(): Promise<void> } };
  await session?.dispose();
}
