/** What others multiply and add, written from their description (estimation.md 3), to be held against what is allocated. */
import type { ModelFacts } from '../main/gguf/facts.ts';
import type { MemoryFacts } from '../shared/memoryFormula.ts';
import type { KvType } from '../shared/schemas/memory.ts';

export interface Model {
  fileSize: number;
  facts: ModelFacts;
  memory: MemoryFacts;
}

const elementBytes: Record<KvType, number> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };
/** Of a list by layers, the first. */
const first = (value: number | number[] | undefined): number => (Array.isArray(value) ? value[0] : value) ?? 0;

/** The rule of thumb: a fifth on top of the file, whatever the context. */
export const fileTimes12 = ({ fileSize }: Model): number => fileSize * 1.2;

/** Ollama's prediction: 16-bit keys and values of every layer, heads as wide as the embedding divided among them; no compute. */
export function ollamaLike({ fileSize, facts }: Model, contextSize: number): number {
  const width = (facts.embeddingLength ?? 0) / first(facts.headCount);
  return fileSize + 4 * (facts.blockCount ?? 0) * first(facts.headCountKv) * width * contextSize;
}

/** Like gguf-parser: a KV cache of the whole context in every layer, in its type; our weights on the GPU and our compute buffer. */
export function everyLayerLike({ facts, memory }: Model, contextSize: number, kvType: KvType, batchSize: number): number {
  const weights = memory.layers.reduce((sum, layer) => sum + layer.weights, memory.outputWeights);
  const width = (facts.embeddingLength ?? 0) / first(facts.headCount);
  const row = first(facts.headCountKv) * ((facts.keyLength ?? width) + (facts.valueLength ?? width));
  const cache = (facts.blockCount ?? 0) * row * elementBytes[kvType] * contextSize;
  return weights + cache + 4 * batchSize * (memory.vocabulary + 2 * memory.embedding);
}
