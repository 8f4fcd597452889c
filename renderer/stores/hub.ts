/** Which hub is searched: Hugging Face, a mirror or the built-in sample. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { HubStatus } from '../../shared/schemas/hub.ts';
import { watch } from '../rpc/follow.ts';

export interface HubState {
  status: HubStatus | undefined;
  useSample(sample: boolean): Promise<Result<HubStatus>>;
}

/** The hub store. */
export const createHubStore = (client: Client<Core>) =>
  createStore<HubState>((set) => {
    watch(
      client,
      'hub.status',
      (status) => set({ status }),
      () => {},
    );
    return {
      status: undefined,
      async useSample(sample) {
        const answer = await client.call('hub.useSample', { sample });
        if (answer.ok) set({ status: answer.value });
        return answer;
      },
    };
  });
