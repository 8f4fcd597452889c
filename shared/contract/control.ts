/** What core asks of an engine process. Core is trusted; paths are absolute. */
import * as z from 'zod/mini';
import { call, stream } from '../rpc/define.ts';
import { overflow } from '../schemas/answer.ts';
import { turnStats } from '../schemas/chat.ts';
import { loadedModel } from '../schemas/engine.ts';
import { bandwidth, hardware } from '../schemas/hardware.ts';
import { backendName, loadSettings, memorySplit, placement } from '../schemas/memory.ts';
import { sampling } from '../schemas/sampling.ts';

/** Settings with every `auto` decided: what was estimated is what is loaded. */
export const loadPlan = z.object({
  ...loadSettings.shape,
  gpuLayers: z.int(),
  /** Tokens processed at once, logical and physical. */
  batchSize: z.int(),
  /** The projector lies in RAM even where layers are on the GPU. */
  projectorInRam: z.optional(z.boolean()),
  /** Layers, from the first on, whose experts lie in RAM; llama-server only. */
  expertsInRam: z.optional(z.int()),
  /** Computes with this instead of the best of this machine. */
  compute: z.optional(hardware.shape.backend),
});
export type LoadPlan = z.infer<typeof loadPlan>;

export const loadRequest = z.object({
  /** First shard. */
  model: z.string(),
  projector: z.optional(z.string()),
  /** Folder with llama-server and its libraries; needed for a projector. */
  serverFolder: z.optional(z.string()),
  /** Where the states of conversations are kept. */
  stateFolder: z.optional(z.string()),
  /** Tokens are guessed ahead, by a small model or the model's own layers for it, and checked several at once; llama-server only. */
  speculation: z.optional(z.discriminatedUnion('type', [z.object({ type: z.literal('draft'), model: z.string() }), z.object({ type: z.literal('mtp') })])),
  plan: loadPlan,
});
export type LoadRequest = z.infer<typeof loadRequest>;

export const loadEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: z.number() }),
  z.object({ type: z.literal('loaded'), model: loadedModel }),
]);
export type LoadEvent = z.infer<typeof loadEvent>;

export const toolCall = z.object({
  id: z.string(),
  name: z.string(),
  /** An object, as JSON. */
  arguments: z.string(),
});
export type ToolCall = z.infer<typeof toolCall>;

export const message = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.array(
    z.discriminatedUnion('type', [z.object({ type: z.literal('text'), text: z.string() }), z.object({ type: z.literal('image'), path: z.string() })]),
  ),
  /** Of an assistant that goes on after its calls: what it thought before them. */
  thinking: z.optional(z.string()),
  /** Of an assistant. */
  toolCalls: z.optional(z.array(toolCall)),
  /** Of a tool: the call that this is the result of. */
  toolCallId: z.optional(z.string()),
});
export type Message = z.infer<typeof message>;

/** A JSON Schema. */
const schema = z.record(z.string(), z.unknown());

export const tool = z.object({ name: z.string(), description: z.optional(z.string()), parameters: schema });
export type Tool = z.infer<typeof tool>;

export const generateRequest = z.object({
  turnId: z.string(),
  messages: z.array(message),
  /** Ignored where the template has no switch. */
  thinking: z.boolean(),
  /** What is absent is drawn as llama.cpp does by itself. */
  ...sampling.shape,
  /** Texts that end the answer where they would begin. */
  stop: z.optional(z.array(z.string())),
  /** Tokens that may be spent on thinking; the answer follows then. */
  thinkingBudget: z.optional(z.int().check(z.minimum(0))),
  /** The answer is JSON of this shape; not together with tools. */
  jsonSchema: z.optional(schema),
  tools: z.optional(z.array(tool)),
  /** Absent: stop. */
  overflow: z.optional(overflow),
  /** Whose reading of the conversation goes on, of a model with several; absent: 0. */
  slot: z.optional(z.int().check(z.minimum(0))),
});
export type GenerateRequest = z.infer<typeof generateRequest>;

export const generateEvent = z.discriminatedUnion('type', [
  /** Before anything else: messages that the model does not get, as the conversation is longer than the context. */
  z.object({ type: z.literal('dropped'), messages: z.int(), tokens: z.int() }),
  z.object({ type: z.literal('prompt'), processed: z.int(), total: z.int() }),
  z.object({ type: z.literal('thinking'), text: z.string() }),
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('toolCall'), call: toolCall }),
  z.object({ type: z.literal('end'), stats: turnStats }),
]);
export type GenerateEvent = z.infer<typeof generateEvent>;

/** What fills a context, in tokens. */
export const ledger = z.object({
  context: z.int(),
  /** Of the whole prompt, with what the template writes around the messages. */
  total: z.int(),
  /** Of the prompt, not processed anew. */
  cached: z.int(),
  system: z.int(),
  images: z.int(),
  thinking: z.int(),
  tools: z.int(),
  messages: z.array(z.object({ role: message.shape.role, tokens: z.int(), cached: z.boolean() })),
});
export type Ledger = z.infer<typeof ledger>;

/** The state of a conversation on disk. */
export const savedState = z.object({ tokens: z.int(), bytes: z.number() });
export type SavedState = z.infer<typeof savedState>;

export const estimateRequest = z.object({
  /** A GGUF file or its (slim) header, one for all shards. */
  header: z.string(),
  projector: z.optional(z.string()),
  /** The header of the model that guesses, where the plan's speculation is by one. */
  draft: z.optional(z.string()),
  plan: loadPlan,
  /** llama-server runs it even without pictures. */
  served: z.optional(z.boolean()),
});
export type EstimateRequest = z.infer<typeof estimateRequest>;

/** Bytes at most beside the layers on the first of several cards, on the last that has layers, and on any other. */
const besideLayers = z.object({ first: z.number(), other: z.number(), last: z.number() });

export const estimateAnswer = z.object({
  basis: z.enum(['exact', 'about']),
  /** Whose bytes these are. */
  engine: backendName,
  gpu: memorySplit,
  ram: memorySplit,
  layers: placement,
  /** Bytes of weights, cache and state on the GPU by the number of layers there, from none to all: what compute and pictures come on top of. */
  placed: z.array(z.number()),
  /** Bytes that the GPU is spared with the experts of no layer in RAM, of one, and so on; absent where there are none or the engine cannot do it. */
  spared: z.optional(z.array(z.number())),
  /** Where llama.cpp sees several cards. */
  beside: z.optional(besideLayers),
  /** There too: the layers of a model that guesses for it, which all lie on the GPU. */
  draft: z.optional(z.object({ placed: z.array(z.number()), beside: besideLayers })),
  trainContext: z.int(),
  /** Bytes of weights that one generated token is computed with. */
  active: z.optional(z.object({ gpu: z.number(), ram: z.number() })),
});
export type EstimateAnswer = z.infer<typeof estimateAnswer>;

export const control = {
  hardware: call(z.object({ folder: z.string() }), hardware),
  estimate: call(estimateRequest, estimateAnswer),
  /** Measured for about a second, on the GPU or in RAM. */
  bandwidth: call(z.object({ onGpu: z.boolean() }), bandwidth),
  load: stream(loadRequest, loadEvent),
  generate: stream(generateRequest, generateEvent),
  /** Ends the answer; its stream still gives the `end` event with the statistics. */
  stop: call(z.object({ turnId: z.string() }), z.void()),
  /** As if nothing of the request had been read before. */
  ledger: call(z.object({ request: generateRequest }), ledger),
  /** Of the slot's conversation, to a file in the `stateFolder` of the load; waits for an answer that is running. */
  saveState: call(z.object({ file: z.string(), slot: z.int() }), savedState),
  restoreState: call(z.object({ file: z.string(), slot: z.int() }), savedState),
  /** Settles when nothing holds memory for the model any more; the process is of no use then. */
  unload: call(z.optional(z.undefined()), z.void()),
};
