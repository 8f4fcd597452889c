/** The conversations that the loaded models have read, and those that lie on disk as they had read them: coming back to a chat costs no reading. */
import { statSync } from 'node:fs';
import type { GenerateEvent, Message, SavedState } from '../../shared/contract/control.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import type { Session } from '../engine/session.ts';
import type { States } from '../engine/states.ts';
import type { Engine, Loaded } from '../engine/supervisor.ts';
import type { Log } from '../log.ts';

/** A slot of a model, for one answer. */
export interface Reading {
  slot: number;
  /** Hears the events of the answer to these messages. */
  follow(messages: Message[]): (event: GenerateEvent) => void;
  /** The answer is over: the slot may be another chat's. */
  release(): void;
}

export interface Held {
  /**
   * Has a slot of a model hold what it read of this chat, until it is released; what the slot held of another one is kept first.
   * Never rejects.
   */
  take(modelId: string, chatId: string): Promise<Reading>;
  /** How many of these messages, from the first on, the model would not read again in this chat. */
  known(modelId: string, chatId: string, messages: Message[]): number;
  /** Has nothing of a chat kept any more: it was removed for good. */
  forget(chatId: string): void;
  /** Keeps what a model holds, as it goes. Never rejects. */
  leave(model: LoadedModel, save: Session['saveState']): Promise<void>;
}

export interface HeldOptions {
  states: Pick<States, 'find' | 'keep' | 'forget'>;
  engine: Pick<Engine, 'loaded' | 'saveState' | 'restoreState'>;
  /** What a state of this chat belongs to, with the model as it is loaded. */
  key(chatId: string, loaded: Loaded): Promise<string>;
  /** Bytes that all states may take; 0: none is written. */
  limit(): number;
  log: Pick<Log, 'info' | 'warn'>;
}

/** Fewer tokens are read again as fast as they are fetched. */
const worthKeeping = 1_000;

interface Conversation {
  chatId: string;
  /** Where its state is kept; unknown where that could not be told. */
  key: string | undefined;
  /** What the model has read and said; empty where that is not known. */
  messages: Message[];
  tokens: number;
  /** Bytes of a state of it on disk that could not be taken up, as with a smaller context: one that holds less does not take its place. */
  left: number;
  /** An answer to it is running. */
  taken: boolean;
  /** In ms of `performance.now()`. */
  usedAt: number;
}

export function createHeld({ states, engine, key, limit, log }: HeldOptions): Held {
  /** By the load, and by its slot. */
  const held = new WeakMap<LoadedModel, Map<number, Conversation>>();
  const slotsOf = (model: LoadedModel): Map<number, Conversation> => {
    const slots = held.get(model) ?? new Map<number, Conversation>();
    held.set(model, slots);
    return slots;
  };
  const failed = (error: unknown): void => log.warn('What was read of a chat could not be kept or fetched', { error: String(error) });
  /** One state is written or read at a time. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  const loaded = (modelId: string): Loaded | undefined => engine.loaded().find((each) => each.modelId === modelId);

  const keep = async ({ chatId, key, tokens, left }: Conversation, save: (file: string) => Promise<SavedState>): Promise<void> => {
    if (key === undefined || tokens < worthKeeping || limit() === 0) return;
    const from = performance.now();
    await states.keep(key, limit(), async (file) => {
      const { tokens: written, bytes } = await save(file);
      // A model whose slots share the context may have needed the room of one that was not answering.
      if (written < worthKeeping) throw new Error('The model does not hold it any more');
      if (bytes < left) throw new Error('More of it is kept for a load with room for it');
    });
    log.info('What was read of a chat is kept', { chatId, tokens, ms: Math.round(performance.now() - from) });
  };

  /** Where it does not fit, it is read anew, and stays for a load that has the room. */
  const fetch = async (modelId: string, mine: Conversation, file: string, slot: number): Promise<void> => {
    try {
      mine.tokens = (await engine.restoreState(modelId, file, slot)).tokens;
    } catch (error) {
      failed(error);
      mine.left = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    }
  };

  /** The slot that has this chat, else one that holds nothing, else that which was used longest ago. */
  const slotFor = (chatId: string, slots: Map<number, Conversation>, count: number): number => {
    const own = [...slots].find(([, one]) => one.chatId === chatId);
    if (own) return own[0];
    const free = Array.from({ length: count }, (_, slot) => slot).filter((slot) => !slots.get(slot)?.taken);
    return free.toSorted((a, b) => (slots.get(a)?.usedAt ?? 0) - (slots.get(b)?.usedAt ?? 0))[0] ?? 0;
  };

  return {
    take: (modelId, chatId) =>
      inTurn<Reading>(async () => {
        const now = loaded(modelId);
        if (!now) return { slot: 0, follow: () => () => {}, release() {} };
        const slots = slotsOf(now.model);
        const slot = slotFor(chatId, slots, now.model.slots ?? 1);
        const before = slots.get(slot);
        const mine: Conversation =
          before?.chatId === chatId ? before : { chatId, key: undefined, messages: [], tokens: 0, left: 0, taken: true, usedAt: performance.now() };
        mine.taken = true;
        slots.set(slot, mine);
        if (mine !== before) {
          if (before) await keep(before, (file) => engine.saveState(modelId, file, slot)).catch(failed);
          mine.key = await key(chatId, now).catch((error: unknown) => void failed(error));
          const file = mine.key === undefined ? undefined : states.find(mine.key);
          if (file !== undefined) await fetch(modelId, mine, file, slot);
        }
        return {
          slot,
          follow: (messages) => follow(mine, messages),
          release() {
            mine.taken = false;
            mine.usedAt = performance.now();
          },
        };
      }),
    known(modelId, chatId, messages) {
      const model = loaded(modelId)?.model;
      const mine = model && [...slotsOf(model).values()].find((one) => one.chatId === chatId);
      if (!mine) return 0;
      const known = mine.messages.map((message) => JSON.stringify(message));
      const end = messages.findIndex((message, index) => JSON.stringify(message) !== known[index]);
      return end < 0 ? messages.length : end;
    },
    forget(chatId) {
      for (const { model } of engine.loaded()) for (const one of slotsOf(model).values()) if (one.chatId === chatId) one.key = undefined;
      states.forget(chatId);
    },
    leave: (model, save) =>
      inTurn(async () => {
        const going = [...slotsOf(model)];
        held.delete(model);
        for (const [slot, one] of going) await keep(one, (file) => save(file, slot)).catch(failed);
      }),
  };
}

function follow(mine: Conversation, messages: Message[]): (event: GenerateEvent) => void {
  let text = '';
  let whole = true;
  return (event) => {
    if (event.type === 'text') text += event.text;
    if (event.type === 'dropped') whole = false;
    if (event.type !== 'end') return;
    const answer: Message = { role: 'assistant', content: [{ type: 'text', text }] };
    mine.messages = whole ? [...messages, answer] : [];
    mine.tokens = event.stats.promptTokens + event.stats.tokens;
  };
}
