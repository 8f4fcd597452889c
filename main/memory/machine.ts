/** What this machine has for a model, as it is now. */
import type { Card, Hardware } from '../../shared/schemas/hardware.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import type { Folders } from '../platform.ts';
import type { Calibration } from './calibrate.ts';
import { roomOnCards } from './perCard.ts';
import { type Room, roomOf } from './verdict.ts';

export interface MachineParts {
  engine: {
    hardware(folder: string, cards?: LoadSettings['cards']): Promise<Hardware>;
    /** Each card of this machine; absent: they are taken together. */
    cards?(): Promise<Card[]>;
  };
  /** The disk of the models folder is looked at. */
  folders: Pick<Folders, 'models'>;
  /** What loads took here on top of llama.cpp's buffers. */
  calibration?: Pick<Calibration, 'overhead'>;
}

export interface Machine {
  /** As much of it as a model sees that may use these cards, read a moment ago at most. Throws `engine.noCard` where one of them is gone. */
  hardware(cards: LoadSettings['cards']): Promise<Hardware>;
  /** What is there for a model that may use these cards, once `freed` bytes came back. */
  roomFor(machine: Hardware, cards: LoadSettings['cards'], freed?: { gpu: number; ram: number }): Promise<Room>;
}

/** Milliseconds for which free memory counts as read just now. */
const fresh = 2_000;

export function createMachine({ engine, folders, calibration }: MachineParts): Machine {
  /** By the cards. */
  const read = new Map<string, { at: number; hardware: Promise<Hardware> }>();

  /** With the memory of the one card that is used where llama.cpp leaves others alone. */
  async function look(cards: LoadSettings['cards']): Promise<Hardware> {
    const machine = await engine.hardware(folders.models, cards);
    const [only, ...more] = (machine.gpus.length > 1 && (await engine.cards?.())) || [];
    return only && more.length === 0 ? { ...machine, vram: { total: only.total, free: only.free, unified: false } } : machine;
  }

  return {
    hardware(cards) {
      const key = JSON.stringify(cards?.map(({ id }) => id));
      const before = read.get(key);
      if (before && performance.now() - before.at < fresh) return before.hardware;
      const reading = { at: performance.now(), hardware: look(cards) };
      read.set(key, reading);
      reading.hardware.catch(() => {
        if (read.get(key) === reading) read.delete(key);
      });
      return reading.hardware;
    },

    async roomFor(machine, cards, freed = { gpu: 0, ram: 0 }) {
      const overhead = calibration?.overhead(machine);
      const room = roomOf(machine, freed, overhead);
      const several = machine.gpus.length > 1 ? await engine.cards?.() : undefined;
      const roomOn = (vram: Hardware['vram'], back: number): number => roomOf({ ...machine, vram }, { gpu: back, ram: 0 }, overhead).gpu;
      return { ...room, cards: several && roomOnCards(several, { cards }, freed.gpu, roomOn) };
    },
  };
}
