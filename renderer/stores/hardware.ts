/** What this machine has, and how much of it is free. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { Card, Hardware, VideoProgram } from '../../shared/schemas/hardware.ts';

export interface HardwareState {
  hardware: Hardware | undefined;
  error: AppError | undefined;
  /** Unknown until `askCards` has an answer. */
  cards: Card[] | undefined;
  /** Asks again; the old numbers stay until the new ones are there. */
  refresh(): Promise<void>;
  /** Asks which cards there are and what is free on them; the old answer stays where there is no new one. */
  askCards(): Promise<void>;
  /** Who else uses the video memory now; nobody where that cannot be told. */
  programs(): Promise<VideoProgram[]>;
}

/** The hardware store; it asks once by itself. */
export const createHardwareStore = (client: Client<Core>) =>
  createStore<HardwareState>((set, get) => {
    let asking: Promise<void> | undefined;
    let askingCards: Promise<void> | undefined;
    queueMicrotask(() => void get().refresh());
    return {
      hardware: undefined,
      error: undefined,
      cards: undefined,
      refresh() {
        asking ??= client.call('hardware.get', undefined).then((answer) => {
          asking = undefined;
          set(answer.ok ? { hardware: answer.value, error: undefined } : { error: answer.error });
        });
        return asking;
      },
      askCards() {
        askingCards ??= client.call('hardware.cards', undefined).then((answer) => {
          askingCards = undefined;
          if (answer.ok) set({ cards: answer.value });
        });
        return askingCards;
      },
      async programs() {
        const answer = await client.call('hardware.programs', undefined);
        return answer.ok ? answer.value : [];
      },
    };
  });
