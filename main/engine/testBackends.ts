/** Both engines with the tiny model, for tests of what every backend must do. */
import type { GenerateRequest, LoadRequest, ToolCall } from '../../shared/contract/control.ts';
import type { TurnStats } from '../../shared/schemas/chat.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import { defaultFolders } from '../folders.ts';
import type { Backend, Said } from './backend.ts';
import { createLlamaServer } from './llamaServer.ts';
import { createNodeLlamaCpp } from './nodeLlamaCpp.ts';
import { buildServer } from './serverBuild.ts';
import { plan, projector } from './testModel.ts';

process.env.ATELIER_GPU = 'cpu';

const build = await buildServer({ cacheFolder: defaultFolders().cache });
if ('problem' in build) console.warn(`llama-server cannot be built here (${build.problem}): only node-llama-cpp is tested`);
export const serverFolder = 'folder' in build ? build.folder : undefined;

interface Engine {
  name: LoadedModel['backend'];
  create: () => Backend;
  /** It sees pictures. */
  vision: boolean;
}
const all: Engine[] = [
  { name: 'node-llama-cpp', create: createNodeLlamaCpp, vision: false },
  { name: 'llama-server', create: createLlamaServer, vision: true },
];
/** Those that run here. */
export const engines = all.filter(({ name }) => name !== 'llama-server' || serverFolder);

export const never = new AbortController().signal;

/** A loaded model, with its projector where the engine can. */
export async function open(
  { create, vision }: Engine,
  model: string,
  changes: Parameters<typeof plan>[0] = {},
  more: Partial<LoadRequest> = {},
): Promise<{ backend: Backend; loaded: LoadedModel; progress: number[] }> {
  const backend = create();
  const progress: number[] = [];
  const sees = vision && serverFolder ? { projector, serverFolder } : {};
  const loaded = await backend.load({ model, plan: plan(changes), ...sees, ...more }, (share) => progress.push(share), never);
  return { backend, loaded, progress };
}

export interface Answer {
  thinking: string;
  text: string;
  calls: ToolCall[];
  stats: TurnStats;
  /** Of the prompt, processed anew. */
  read: number;
  events: Said[];
}

/** One whole answer. */
export async function answer(backend: Backend, request: GenerateRequest, onEvent: (event: Said, stop: () => void) => void = () => {}): Promise<Answer> {
  const events: Said[] = [];
  const stop = new AbortController();
  const stats = await backend.generate(
    request,
    (event) => {
      events.push(event);
      onEvent(event, () => stop.abort());
    },
    stop.signal,
  );
  const join = (type: 'text' | 'thinking'): string => events.reduce((text, event) => (event.type === type ? text + event.text : text), '');
  const calls = events.flatMap((event) => (event.type === 'toolCall' ? [event.call] : []));
  return { thinking: join('thinking'), text: join('text'), calls, stats, read: stats.promptTokens - stats.cachedTokens, events };
}
