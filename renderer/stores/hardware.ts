/** What this machine has, and how much of it is free. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { Hardware, VideoProgram } from '../../shared/schemas/hardware.ts';

export interface HardwareState {
  hardware: Hardware | undefined;
  error: AppError | undefined;
  /** Asks again; the old numbers stay until the new ones are there. */
  refresh(): Promise<void>;
  /** Who else uses the video memory now; nobody where that cannot be told. */
  programs(): Promise<VideoProgram[]>;
}

/** The hardware store; it asks once by itself. */
export const createHardwareStore = (client: Client<Core>) =>
  createStore<HardwareState>((set, get) => {
    let asking: Promise<void> | undefined;
    queueMicrotask(() => void get().refresh());
    return {
      hardware: undefined,
      error: undefined,
      refresh() {
        asking ??= client.call('hardware.get', undefined).then((answer) => {
          asking = undefined;
          set(answer.ok ? { hardware: answer.value, error: undefined } : { error: answer.error });
        });
        return asking;
      },
      async programs() {
        const answer = await client.call('hardware.programs', undefined);
        return answer.ok ? answer.value : [];
      },
    };
  });
