/** The conversation that the loaded model has read, and those that lie on disk as it had read them: coming back to a chat costs no reading. */
import type { GenerateEvent, Message } from '../../shared/contract/control.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import type { States } from '../engine/states.ts';
import type { Engine } from '../engine/supervisor.ts';
import type { Log } from '../log.ts';

export interface Held {
  /** Has the loaded model hold what it read of this chat; what it held of another one is kept first. Never rejects. */
  take(chatId: string): Promise<void>;
  /** Hears the events of the answer to these messages, in the chat that was taken. */
  follow(messages: Message[]): (event: GenerateEvent) => void;
  /** How many of these messages, from the first on, the model would not read again in this chat. */
  known(chatId: string, messages: Message[]): number;
  /** Keeps what the model holds, as it goes. Never rejects. */
  leave(model: LoadedModel, save: Engine['saveState']): Promise<void>;
}

export interface HeldOptions {
  states: Pick<States, 'find' | 'keep' | 'remove'>;
  engine: Pick<Engine, 'state' | 'saveState' | 'restoreState'>;
  /** What a state of this chat belongs to, with the model as it is loaded. */
  key(chatId: string, modelId: string, model: LoadedModel): Promise<string>;
  /** Bytes that all states may take; 0: none is written. */
  limit(): number;
  log: Pick<Log, 'info' | 'warn'>;
}

/** Fewer tokens are read again as fast as they are fetched. */
const worthKeeping = 1_000;

interface Conversation {
  chatId: string;
  /** Where its state is kept. */
  key: string;
  /** The load that holds it. */
  model: LoadedModel;
  /** What it has read and said; empty where that is not known. */
  messages: Message[];
  tokens: number;
}

export function createHeld({ states, engine, key, limit, log }: HeldOptions): Held {
  let held: Conversation | undefined;
  const failed = (error: unknown): void => log.warn('What was read of a chat could not be kept or fetched', { error: String(error) });
  /** One state is written or read at a time. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work).catch(failed);
    last = mine;
    return mine;
  };
  const loaded = (): { modelId: string; model: LoadedModel } | undefined => {
    const state = engine.state();
    return state.status === 'ready' ? state : undefined;
  };

  const keep = async ({ chatId, key, tokens }: Conversation, save: Engine['saveState']): Promise<void> => {
    if (tokens < worthKeeping || limit() === 0) return;
    const from = performance.now();
    await states.keep(key, limit(), save);
    log.info('What was read of a chat is kept', { chatId, tokens, ms: Math.round(performance.now() - from) });
  };

  /** Gives the tokens; 0 where it does not fit, of another context or a damaged disk: it is read anew then, and written anew. */
  const fetch = async (file: string, key: string): Promise<number> => {
    try {
      return (await engine.restoreState(file)).tokens;
    } catch (error) {
      failed(error);
      states.remove(key);
      return 0;
    }
  };

  return {
    take: (chatId) =>
      inTurn(async () => {
        const now = loaded();
        if (!now || (held?.chatId === chatId && held.model === now.model)) return;
        const before = held;
        held = undefined;
        if (before?.model === now.model) await keep(before, engine.saveState).catch(failed);
        const place = await key(chatId, now.modelId, now.model);
        const file = states.find(place);
        const tokens = file === undefined ? 0 : await fetch(file, place);
        held = { chatId, key: place, model: now.model, messages: [], tokens };
      }),
    follow(messages) {
      let text = '';
      let whole = true;
      return (event) => {
        if (event.type === 'text') text += event.text;
        if (event.type === 'dropped') whole = false;
        if (event.type !== 'end' || !held) return;
        const answer: Message = { role: 'assistant', content: [{ type: 'text', text }] };
        held = { ...held, messages: whole ? [...messages, answer] : [], tokens: event.stats.promptTokens + event.stats.tokens };
      };
    },
    known(chatId, messages) {
      if (held?.chatId !== chatId || held.model !== loaded()?.model) return 0;
      const known = held.messages.map((message) => JSON.stringify(message));
      const end = messages.findIndex((message, index) => JSON.stringify(message) !== known[index]);
      return end < 0 ? messages.length : end;
    },
    leave: (model, save) =>
      inTurn(async () => {
        const going = held;
        held = undefined;
        if (going?.model === model) await keep(going, save);
      }),
  };
}
