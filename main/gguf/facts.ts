/** What a GGUF header says about its model, in the words that the app uses. */
import type { Sampling } from '../../shared/schemas/sampling.ts';
import type { GgufHeader, GgufValue } from './header.ts';
import { recommendedSampling } from './sampling.ts';
import { type Stretch, stretchOf } from './stretch.ts';
import { switchesThinking } from './thinking.ts';
import { fileTypeName } from './types.ts';

/** A number for every layer, or one number where all have the same. */
type PerLayer = number | number[];

export interface ModelFacts {
  /** `qwen35`; `clip` for a projector; empty where the file does not say. */
  architecture: string;
  /** `model`, `mmproj`, `adapter`, `imatrix`, ...: `general.type`, `model` where the file does not say. */
  type: string;
  name?: string;
  /** Weights, counted over the tensors of every shard. */
  parameters: number;
  /** Bytes of the tensors' data over every shard, padding left out. */
  weightBytes: number;
  tensorCount: number;
  /** `Q4_K_M` by `general.file_type`; the file's name is what people asked for. */
  label?: string;
  /** Tokens. */
  contextLength?: number;
  /** Absent where it ends there. */
  stretch?: Stretch;
  /** Multi-token-prediction layers included. */
  blockCount?: number;
  /** Multi-token-prediction layers. */
  nextnLayers?: number;
  embeddingLength?: number;
  feedForwardLength?: PerLayer;
  vocabularySize?: number;
  /** The same for files that divide text into the same tokens. */
  tokenizer?: string;
  headCount?: PerLayer;
  headCountKv?: PerLayer;
  /** Elements of a head's key and value. */
  keyLength?: number;
  valueLength?: number;
  /** Tokens that a local layer looks back. */
  slidingWindow?: number;
  /** Every n-th layer attends, the others are recurrent. */
  fullAttentionInterval?: number;
  /** Where the file lists them. */
  recurrentLayers?: boolean[];
  ssm?: { convKernel: number; innerSize: number; stateSize: number; groupCount: number; timeStepRank: number };
  experts?: { count: number; used: number };
  /** Has a chat template. */
  chat: boolean;
  /** Its chat template can switch thinking on and off. */
  thinking: boolean;
  /** Its chat template has a place for pictures, which a projector would bring; that of some models without one has it too. */
  pictures: boolean;
  /** How its makers recommend to draw its words. */
  sampling?: Sampling;
  /** Of a projector. */
  clip?: ClipFacts;
}

interface ClipFacts {
  vision: boolean;
  audio: boolean;
  projectorType: string;
  /** Width of what it hands to the model: the model's `embeddingLength`. */
  projectionDim: number;
  blockCount: number;
  embeddingLength: number;
  feedForwardLength: number;
  headCount: number;
  /** Pixels. */
  imageSize: number;
  patchSize: number;
  /** Patches a side that become one token. */
  mergeSize: number;
}

/** Reads the facts of a file, or of a model whose shards' headers are given in order. */
export function modelFacts(headers: readonly GgufHeader[]): ModelFacts {
  const { metadata, entries } = headers[0]!;
  const architecture = textOf(metadata.get('general.architecture')) ?? '';
  const of = (key: string): GgufValue | undefined => metadata.get(`${architecture}.${key}`);
  const tensors = headers.flatMap((header) => header.tensors);
  const tokens = entries.find(({ key }) => key === 'tokenizer.ggml.tokens')?.count;
  const fileType = numberOf(metadata.get('general.file_type'));
  const stateSize = numberOf(of('ssm.state_size'));
  const experts = numberOf(of('expert_count'));

  return present({
    architecture,
    type: textOf(metadata.get('general.type')) ?? (architecture === 'clip' ? 'mmproj' : 'model'),
    name: textOf(metadata.get('general.name')),
    parameters: tensors.reduce((sum, { dimensions }) => sum + dimensions.reduce((product, size) => product * size, 1), 0),
    weightBytes: tensors.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    tensorCount: tensors.length,
    label: fileType === undefined ? undefined : fileTypeName(fileType),
    contextLength: numberOf(of('context_length')),
    stretch: stretchOf(headers[0]!),
    blockCount: numberOf(of('block_count')),
    nextnLayers: numberOf(of('nextn_predict_layers')),
    embeddingLength: numberOf(of('embedding_length')),
    feedForwardLength: perLayer(of('feed_forward_length')),
    vocabularySize: tokens ?? numberOf(of('vocab_size')) ?? tensors.find(({ name }) => name === 'token_embd.weight')?.dimensions[1],
    headCount: perLayer(of('attention.head_count')),
    headCountKv: perLayer(of('attention.head_count_kv')),
    keyLength: numberOf(of('attention.key_length')),
    valueLength: numberOf(of('attention.value_length')),
    slidingWindow: numberOf(of('attention.sliding_window')),
    fullAttentionInterval: numberOf(of('full_attention_interval')),
    recurrentLayers: booleansOf(of('attention.recurrent_layers')),
    ssm:
      stateSize === undefined
        ? undefined
        : {
            convKernel: numberOf(of('ssm.conv_kernel')) ?? 0,
            innerSize: numberOf(of('ssm.inner_size')) ?? 0,
            stateSize,
            groupCount: numberOf(of('ssm.group_count')) ?? 0,
            timeStepRank: numberOf(of('ssm.time_step_rank')) ?? 0,
          },
    experts: experts ? { count: experts, used: numberOf(of('expert_used_count')) ?? 0 } : undefined,
    tokenizer: tokenizerOf(headers[0]!),
    ...templateFacts(headers[0]!),
    sampling: recommendedSampling(metadata),
    clip: architecture === 'clip' ? clipFacts(metadata) : undefined,
  });
}

/** Keys of a slim header in place of the chat template and the tokenizer. */
export const chatKey = 'atelier.chat';
export const thinkingKey = 'atelier.thinking';
export const picturesKey = 'atelier.pictures';
export const tokenizerKey = 'atelier.tokenizer';

/** What templates put where a picture goes, or ask a message's part for. */
const picture = /image_pad|<\|?image|<start_of_image>|\[IMG\]|['"]image(?:_url)?['"]/;

/** Whether there is a chat template, whether it switches thinking, and whether it takes pictures. */
export function templateFacts({ metadata }: GgufHeader): Pick<ModelFacts, 'chat' | 'thinking' | 'pictures'> {
  const template = textOf(metadata.get('tokenizer.chat_template'));
  const kept = (key: string): boolean => metadata.get(key) === true;
  if (template === undefined) return { chat: kept(chatKey), thinking: kept(thinkingKey), pictures: kept(picturesKey) };
  return { chat: true, thinking: switchesThinking(template), pictures: picture.test(template) };
}

/** The kind of tokenizer, how it splits text beforehand, and how many tokens it has. */
export function tokenizerOf({ metadata, entries }: GgufHeader): string | undefined {
  const kept = textOf(metadata.get(tokenizerKey));
  const model = textOf(metadata.get('tokenizer.ggml.model'));
  const tokens = entries.find(({ key }) => key === 'tokenizer.ggml.tokens')?.count;
  if (kept !== undefined || model === undefined || tokens === undefined) return kept;
  return [model, textOf(metadata.get('tokenizer.ggml.pre')) ?? 'default', tokens].join(' ');
}

function clipFacts(metadata: GgufHeader['metadata']): ClipFacts {
  const vision = (key: string): number => numberOf(metadata.get(`clip.vision.${key}`)) ?? 0;
  return {
    vision: metadata.get('clip.has_vision_encoder') === true,
    audio: metadata.get('clip.has_audio_encoder') === true,
    projectorType: textOf(metadata.get('clip.projector_type')) ?? textOf(metadata.get('clip.vision.projector_type')) ?? '',
    projectionDim: vision('projection_dim'),
    blockCount: vision('block_count'),
    embeddingLength: vision('embedding_length'),
    feedForwardLength: vision('feed_forward_length'),
    headCount: vision('attention.head_count'),
    imageSize: vision('image_size'),
    patchSize: vision('patch_size'),
    mergeSize: vision('spatial_merge_size') || 1,
  };
}

const textOf = (value: GgufValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
const numberOf = (value: GgufValue | undefined): number | undefined => (typeof value === 'number' && value >= 0 ? value : undefined);
const numbersOf = (value: GgufValue | undefined): number[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'number') ? value : undefined;
const perLayer = (value: GgufValue | undefined): PerLayer | undefined => numberOf(value) ?? numbersOf(value);
const booleansOf = (value: GgufValue | undefined): boolean[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'boolean') ? value : undefined;

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the fields that have no value. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
