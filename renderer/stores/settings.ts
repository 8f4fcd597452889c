/** The person's settings as core has them. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError, Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import { defaultSettings, type Settings } from '../../shared/schemas/settings.ts';
import { watch } from '../rpc/follow.ts';

export interface SettingsState {
  settings: Settings;
  /** False until core has answered; the defaults stand in. */
  known: boolean;
  error: AppError | undefined;
  /** Shows the change at once and takes core's answer. */
  change(patch: Partial<Settings>): Promise<Result<Settings>>;
}

/** The settings store. */
export const createSettingsStore = (client: Client<Core>) =>
  createStore<SettingsState>((set, get) => {
    watch(
      client,
      'settings.watch',
      (settings) => set({ settings, known: true, error: undefined }),
      (error) => set({ error }),
    );
    return {
      settings: defaultSettings,
      known: false,
      error: undefined,
      async change(patch) {
        const before = get().settings;
        set({ settings: { ...before, ...patch } });
        const answer = await client.call('settings.change', patch);
        set({ settings: answer.ok ? answer.value : before });
        return answer;
      },
    };
  });
