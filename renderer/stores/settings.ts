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
  /** Shows the change at once; changes made while one is being saved go together in the next. What core refuses is taken back. */
  change(patch: Partial<Settings>): Promise<Result<unknown>>;
}

/** The settings store. */
export const createSettingsStore = (client: Client<Core>) =>
  createStore<SettingsState>((set) => {
    let saved = defaultSettings;
    let sent: Partial<Settings> = {};
    let waiting: Partial<Settings> = {};
    let saving: Promise<Result<unknown>> | undefined;
    const show = (): void => set({ settings: { ...saved, ...sent, ...waiting } });

    const save = async (): Promise<Result<unknown>> => {
      for (;;) {
        sent = waiting;
        waiting = {};
        const answer = await client.call('settings.change', sent);
        sent = {};
        if (answer.ok) saved = answer.value;
        else waiting = {};
        show();
        if (Object.keys(waiting).length === 0) return answer;
      }
    };

    watch(
      client,
      'settings.watch',
      (settings) => {
        saved = settings;
        set({ known: true, error: undefined });
        show();
      },
      (error) => set({ error }),
    );
    return {
      settings: defaultSettings,
      known: false,
      error: undefined,
      change(patch) {
        waiting = { ...waiting, ...patch };
        show();
        saving ??= save().finally(() => {
          saving = undefined;
        });
        return saving;
      },
    };
  });
