/** The cards of this machine, each looked at by an engine process that sees no other and ends again. */
import os from 'node:os';
import { Fault } from '../../shared/result.ts';
import type { Card, Hardware } from '../../shared/schemas/hardware.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import type { EngineProcess } from '../platform.ts';
import { seenBy } from './seenBy.ts';

export interface Cards {
  /**
   * The cards that llama.cpp can compute with together, by rising id; empty without a GPU. Free memory is a few seconds old at most; a
   * card that was taken out meanwhile is left out. Rejects as `hardware` does.
   */
  list(): Promise<Card[]>;
  /** What a process that shall see these cards only needs in its environment. Throws `engine.noCard` where one of them is not there. */
  environment(ids: readonly number[]): Promise<Record<string, string>>;
}

export interface CardsParts {
  /** Starts an engine process. */
  start(env: Record<string, string>): EngineProcess;
  /** What this machine has, every card taken together. */
  hardware(): Promise<Hardware>;
  /** What engine processes inherit. */
  env?: NodeJS.ProcessEnv;
  /** Milliseconds for which free memory counts as read just now. */
  freshMs?: number;
}

/** Indexes that are tried beside those of the cards: of drivers that compute in RAM, and of a second driver for the same card. */
const spareIndexes = 8;

/** A card once it was found. */
interface Known extends Card {
  unified: boolean;
}

export function createCards({ start, hardware, env = process.env, freshMs = 3_000 }: CardsParts): Cards {
  let found: { of: string; cards: Card[] } | undefined;
  let read: { at: number; cards: Card[] } | undefined;
  let reading: Promise<Card[]> | undefined;

  const look = async (backend: Hardware['backend'], id: number): Promise<Known | undefined> => {
    const seen = await seenBy(start(only(backend, [id], env)), os.tmpdir()).catch(() => undefined);
    if (seen?.backend !== backend) return undefined;
    const { gpus, vram } = seen;
    return gpus.length === 1 ? { id, name: gpus[0]!, total: vram.total, free: vram.free, unified: vram.unified } : undefined;
  };

  /** One index after the other, until every card that llama.cpp names was seen. */
  const find = async ({ backend, gpus }: Hardware): Promise<Known[]> => {
    const missing = [...gpus];
    const seen: Known[] = [];
    const indexes = listed(backend, env)?.length ?? gpus.length + spareIndexes;
    for (let id = 0; id < indexes && missing.length > 0; id++) {
      const card = await look(backend, id);
      const at = card ? missing.indexOf(card.name) : -1;
      if (at < 0) continue;
      missing.splice(at, 1);
      seen.push(card!);
    }
    return seen;
  };

  /** The same cards as they are now; undefined where one is gone, and another may have its index. */
  const again = async (backend: Hardware['backend'], known: readonly Card[]): Promise<Known[] | undefined> => {
    const cards = await Promise.all(known.map(({ id }) => look(backend, id)));
    const same = cards.filter((card, at) => card?.name === known[at]!.name);
    return same.length === known.length ? (same as Known[]) : undefined;
  };

  const readAll = async (): Promise<Card[]> => {
    const machine = await hardware();
    const { backend, gpus, vram } = machine;
    if (!several(machine)) return gpus.length === 0 ? [] : [{ id: 0, name: gpus.join(', '), total: vram.total, free: vram.free }];
    const of = JSON.stringify([backend, gpus]);
    const cards = (found?.of === of ? await again(backend, found.cards) : undefined) ?? (await find(machine));
    // llama.cpp leaves one that shares the RAM alone beside one with memory of its own.
    const together = cards.some(({ unified }) => !unified) ? cards.filter(({ unified }) => !unified) : cards;
    const said = together.map(({ unified: _, ...card }) => card);
    found = { of, cards: said };
    return said;
  };

  const readAgain = (): Promise<Card[]> => {
    reading ??= readAll()
      .then((cards) => {
        read = { at: performance.now(), cards };
        return cards;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  return {
    list() {
      const age = read ? performance.now() - read.at : Infinity;
      if (!read || age >= freshMs) return readAgain();
      // Who asks again and again never waits.
      if (age >= freshMs / 2) readAgain().catch(() => {});
      return Promise.resolve(read.cards);
    },
    async environment(ids) {
      // That a card is there needs no fresher word.
      const known = read && performance.now() - read.at < 10 * freshMs ? read.cards : readAgain();
      const [machine, cards] = await Promise.all([hardware(), known]);
      const gone = ids.find((id) => !cards.some((card) => card.id === id));
      if (gone !== undefined) throw new Fault('engine.noCard', `Card ${gone} is not there`, { card: gone, cards: cards.map(({ id }) => id) });
      // The only one is what every process sees anyway, whatever its index is.
      return several(machine)
        ? only(
            machine.backend,
            ids.toSorted((a, b) => a - b),
            env,
          )
        : {};
    },
  };
}

/** A fault of a process that was to see only some cards, in the words for one that is gone: a backend that is named does not start without it. */
export const cardFault = (fault: Fault, cards: LoadSettings['cards']): Fault =>
  cards && fault.code === 'engine.noBackend' ? new Fault('engine.noCard', 'A card is not there', undefined, fault) : fault;

/** Several cards that can be told apart by the environment. */
const several = ({ backend, gpus }: Hardware): boolean => gpus.length > 1 && (backend === 'cuda' || backend === 'vulkan');

const variable = { cuda: 'CUDA_VISIBLE_DEVICES', vulkan: 'GGML_VK_VISIBLE_DEVICES' } as const;

/** The cards that the environment allows already, as it names them; undefined: all. */
function listed(backend: Hardware['backend'], env: NodeJS.ProcessEnv): string[] | undefined {
  const names = backend === 'cuda' || backend === 'vulkan' ? env[variable[backend]] : undefined;
  return names ? names.split(/[\s,]+/).filter(Boolean) : undefined;
}

/** The environment in which only these cards are seen, by that backend: without it another one would compute where they are gone. */
function only(backend: Hardware['backend'], ids: readonly number[], env: NodeJS.ProcessEnv): Record<string, string> {
  if (backend !== 'cuda' && backend !== 'vulkan') return {};
  const names = listed(backend, env);
  const order = backend === 'cuda' && !names && !env.CUDA_DEVICE_ORDER;
  return {
    ATELIER_GPU: backend,
    [variable[backend]]: ids.map((id) => names?.[id] ?? String(id)).join(','),
    // Their order does not change with how fast each is.
    ...(order && { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }),
  };
}
