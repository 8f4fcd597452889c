/** The numbers of a GGUF header that memory depends on, as llama.cpp v0.5.0 reads them (src/llama-hparams.cpp, src/models/*.cpp). */
import type { LayerFacts, MemoryFacts } from '../../shared/memoryFormula.ts';
import { Fault } from '../../shared/result.ts';
import type { GgufHeader } from '../gguf/header.ts';

/** Read before the first layer, so on the CPU whatever is offloaded. */
const inputTensor = /^(token_embd|token_types|token_embd_norm|position_embd|per_layer_token_embd)\./;

/** What `--n-cpu-moe` keeps in RAM (common.h, `LLM_FFN_EXPS_REGEX`). */
const expertTensor = /\.ffn_(up|down|gate|gate_up)_(ch)?exps/;

/** Every n-th layer attends to all tokens where the header doesn't say which do. */
const windowPattern: Record<string, number> = { 'gpt-oss': 2, gemma2: 2, gemma3: 6, gemma3n: 5, cohere2: 4, exaone4: 4, olmo2: 4, llama4: 4 };

/** Every fourth layer attends, the others keep a state. */
const gatedDelta = new Set(['qwen35', 'qwen35moe', 'qwen3next']);

/**
 * What `header` says about memory. An architecture with caches of its own that we don't know is counted as full attention
 * in every layer: an upper bound. Throws `memory.unknown` where the header has no layers.
 */
export function memoryFacts(header: GgufHeader, file: string): MemoryFacts {
  const architecture = String(header.metadata.get('general.architecture') ?? '');
  const raw = (key: string) => header.metadata.get(`${architecture}.${key}`);
  const number = (key: string): number | undefined => finite(raw(key));
  /** A value that some models give once and others layer by layer. */
  const ofLayer = (key: string, index: number): number | undefined => {
    const value = raw(key);
    return finite(Array.isArray(value) ? value[index] : value);
  };

  const blocks = number('block_count') ?? 0;
  const embedding = number('embedding_length') ?? 0;
  if (blocks < 1 || blocks > 4096 || embedding < 1) throw new Fault('memory.unknown', `${file} does not say how many layers it has.`, { file });

  const skipped = number('nextn_predict_layers') ?? 0;
  const heads = ofLayer('attention.head_count', 0) ?? 0;
  const keyLength = number('attention.key_length') ?? (heads > 0 ? embedding / heads : 0);
  const valueLength = number('attention.value_length') ?? (heads > 0 ? embedding / heads : 0);
  // Latent attention keeps one compressed row and no values.
  const latent = number('attention.key_length_mla') !== undefined;
  const shared = number('attention.shared_kv_layers') ?? 0;
  const experts = number('expert_count') ?? 0;
  const usedExperts = experts > 0 ? Math.min(1, (number('expert_used_count') ?? experts) / experts) : 1;
  const window = windowOf();
  const state = stateBytes();
  const weights = layerWeights(header, blocks);

  function windowOf(): number {
    const size = number('attention.sliding_window') ?? 0;
    return size < (number('context_length') ?? Infinity) ? size : 0;
  }

  /** Bytes of one layer's state: convolution and recurrence, always 32-bit floats (`n_embd_r`, `n_embd_s`). */
  function stateBytes(): number {
    const wkv = number('wkv.head_size') ?? 0;
    const shortConvolution = number('shortconv.l_cache') ?? 0;
    const kda = number('kda.head_dim') ?? 0;
    const kernel = number('ssm.conv_kernel') ?? 0;
    const inner = number('ssm.inner_size') ?? 0;
    const size = number('ssm.state_size') ?? 0;
    if (wkv > 0) return 4 * ((number('token_shift_count') ?? 2) * embedding + embedding * wkv);
    if (shortConvolution > 0) return 4 * embedding * (shortConvolution - 1);
    if (kda > 0) return 4 * (3 * (kernel > 0 ? kernel - 1 : 3) * heads * kda + kda * kda * heads);
    return 4 * (Math.max(0, kernel - 1) * (inner + 2 * (number('ssm.group_count') ?? 0) * size) + size * inner);
  }

  function keepsState(index: number): boolean {
    if (state === 0) return false;
    const listed = raw('attention.recurrent_layers');
    if (Array.isArray(listed)) return Boolean(listed[index]);
    if (gatedDelta.has(architecture)) return (index + 1) % (number('full_attention_interval') ?? 4) !== 0;
    if (architecture === 'falcon-h1') return true;
    // Mixed models say so by a layer without key heads; in Nemotron one with a feed-forward part keeps nothing.
    return (ofLayer('attention.head_count_kv', index) ?? 0) === 0 && !(architecture === 'nemotron_h' && (ofLayer('feed_forward_length', index) ?? 0) > 0);
  }

  function hasWindow(index: number): boolean {
    const listed = raw('attention.sliding_window_pattern');
    if (window === 0) return false;
    if (Array.isArray(listed)) return Boolean(listed[index]);
    const pattern = finite(listed) ?? windowPattern[architecture];
    return pattern !== undefined && index % pattern < pattern - 1;
  }

  function layer(index: number): LayerFacts {
    const own = weights.layers[index] ?? { all: 0, experts: 0, largestExpert: 0 };
    if (index >= blocks - skipped) return { weights: 0, active: 0, keyRow: 0, valueRow: 0, window: 0, state: 0 };
    const recurrent = keepsState(index);
    const attends = !recurrent || architecture === 'falcon-h1';
    const keyHeads = attends && index < blocks - skipped - shared ? (ofLayer('attention.head_count_kv', index) ?? heads) : 0;
    const near = hasWindow(index);
    const key = (near ? number('attention.key_length_swa') : undefined) ?? keyLength;
    const value = (near ? number('attention.value_length_swa') : undefined) ?? valueLength;
    return {
      weights: own.all,
      active: own.all - own.experts * (1 - usedExperts),
      ...(own.experts > 0 && { experts: { weights: own.experts, active: own.experts * usedExperts, largestTensor: own.largestExpert } }),
      keyRow: keyHeads * key,
      valueRow: latent ? 0 : keyHeads * value,
      window: near ? window : 0,
      state: recurrent ? state : 0,
    };
  }

  /** What of the layers for multi-token prediction is skipped unless they are used. */
  function predictor(): NonNullable<MemoryFacts['predictor']> {
    const own = Array.from({ length: skipped }, (_, index) => blocks - skipped + index);
    const heads = own.reduce((sum, index) => sum + (ofLayer('attention.head_count_kv', index) ?? 0), 0);
    const bytes = own.reduce((sum, index) => sum + (weights.layers[index]?.all ?? 0), 0);
    return { weights: bytes, keyRow: heads * keyLength, valueRow: latent ? 0 : heads * valueLength, stateWidth: number('ssm.inner_size') ?? 0 };
  }

  return {
    layers: Array.from({ length: blocks }, (_, index) => layer(index)),
    ...(skipped > 0 && { predictor: predictor() }),
    inputWeights: weights.input,
    outputWeights: weights.output,
    sharedWeights: weights.shared,
    vocabulary: header.tensors.find((tensor) => tensor.name === 'token_embd.weight')?.dimensions[1] ?? number('vocab_size') ?? 0,
    embedding,
    heads,
    trainContext: number('context_length') ?? 0,
  };
}

/** Bytes of the tensors by where llama.cpp puts them; tied embeddings are loaded a second time as the output matrix. */
function layerWeights(header: GgufHeader, blocks: number) {
  const layers = Array.from({ length: blocks }, () => ({ all: 0, experts: 0, largestExpert: 0 }));
  let [input, output, embeddings, tied] = [0, 0, 0, true];
  for (const { name, bytes = 0 } of header.tensors) {
    const block = /^blk\.(\d+)\./.exec(name)?.[1];
    const layer = block === undefined ? undefined : layers[Number(block)];
    if (layer) {
      layer.all += bytes;
      if (expertTensor.test(name)) {
        layer.experts += bytes;
        layer.largestExpert = Math.max(layer.largestExpert, bytes);
      }
    } else if (block !== undefined) continue;
    else if (inputTensor.test(name)) input += bytes;
    else output += bytes;
    if (name === 'token_embd.weight') embeddings = bytes;
    if (name === 'output.weight') tied = false;
  }
  return { layers, input, output: output + (tied ? embeddings : 0), shared: tied ? embeddings : 0 };
}

const finite = (value: unknown): number | undefined => {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
};
