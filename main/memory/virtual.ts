/** llama.cpp's own no-allocation models: a GGUF header that can be asked what it would take, without its weights. */
import { copyFile, mkdtemp, open, rm, stat, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GgufInsights, type Llama, readGgufFileInfo } from 'node-llama-cpp';
import type { MemoryFacts } from '../../shared/memoryFormula.ts';
import { Fault } from '../../shared/result.ts';
import { type GgufHeader, headerLimit, parseHeader } from '../gguf/header.ts';
import { memoryFacts } from './facts.ts';

export interface VirtualModel {
  insights: GgufInsights;
  facts: MemoryFacts;
  dispose(): Promise<void>;
}

/** Thrown in place of node-llama-cpp's old heuristic, which is wrong by 122 % on average and must never be shown. */
export class NoSimulation extends Error {}

/**
 * Opens the model of a header file. Throws `gguf.architecture` where this llama.cpp does not know it, what `readHeader`
 * throws, and `NoSimulation` where node-llama-cpp cannot read it.
 */
export async function openVirtual(llama: Llama, file: string): Promise<VirtualModel> {
  const header = await readHeader(file);
  const facts = memoryFacts(header, path.basename(file));
  const hole = llama.gpu === false ? await holeFor(file, header) : undefined;
  try {
    const info = await readGgufFileInfo(hole?.path ?? file, { sourceType: 'filesystem', logWarnings: false });
    // Without the bytes of the header the library opens the path, and only so are the CPU's own tensor layouts counted.
    const insights = await GgufInsights.from(hole ? { ...info, sourceData: [] } : info, llama);
    if (!insights.isSupportedByLlamaCpp) throw unknownArchitecture(file, header);
    insights.estimateModelResourceRequirements = refuse;
    insights.estimateContextResourceRequirements = refuse;
    return { insights, facts, dispose: () => Promise.all([disposeModels(insights), hole?.remove()]).then(() => {}) };
  } catch (error) {
    await hole?.remove();
    throw error instanceof Fault ? error : new NoSimulation(`node-llama-cpp cannot read ${path.basename(file)}`, { cause: error });
  }
}

/** Stands where the library would fall back to its heuristic, so that the fall back fails instead of answering. */
function refuse(): never {
  throw new NoSimulation('llama.cpp could not be asked');
}

const unknownArchitecture = (file: string, header: GgufHeader): Fault => {
  const architecture = String(header.metadata.get('general.architecture') ?? '');
  return new Fault('gguf.architecture', `This llama.cpp does not know the architecture ${architecture}.`, { file: path.basename(file), architecture });
};

/** The parsed header at the start of `file`. Throws `gguf.truncated` where the file ends within it, and what `parseHeader` throws. */
export async function readHeader(file: string): Promise<GgufHeader> {
  const name = path.basename(file);
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    for (let wanted = Math.min(size, 2 ** 20); ; ) {
      const bytes = Buffer.alloc(wanted);
      await handle.read(bytes, 0, wanted, 0);
      const parsed = parseHeader(bytes, name);
      if (!('needs' in parsed)) return parsed;
      if (parsed.needs > size) throw new Fault('gguf.truncated', `${name} ends within its header.`, { file: name });
      wanted = Math.min(size, headerLimit, Math.max(parsed.needs, wanted * 4));
    }
  } finally {
    await handle.close();
  }
}

/**
 * The header followed by a hole of the weights' size: a sparse file that llama.cpp opens like the whole model, as it
 * does not read the weights of a model without allocation. A file that has its weights is used as it is. Windows would
 * really fill the disk; there the header alone is asked, which counts the CPU's weights as they are in the file.
 */
async function holeFor(file: string, header: GgufHeader): Promise<{ path: string; remove(): Promise<void> } | undefined> {
  const end = header.tensors.reduce((last, tensor) => Math.max(last, tensor.offset + (tensor.bytes ?? 0)), 0);
  const { size } = await stat(file);
  if (size >= header.dataOffset + end || header.metadata.get('split.count') !== undefined) return { path: file, remove: async () => {} };
  if (os.platform() === 'win32') return undefined;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'atelier-header-'));
  const hole = path.join(folder, 'model.gguf');
  await copyFile(file, hole);
  await truncate(hole, header.dataOffset + Math.ceil(end / header.alignment) * header.alignment);
  return { path: hole, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Frees the models now rather than when they are collected; the library keeps them in a session that it doesn't show. */
async function disposeModels(insights: GgufInsights): Promise<void> {
  const { _simulationSession: session } = insights as unknown as { _simulationSession?: { dispose(): Promise<void> } };
  await session?.dispose();
}
