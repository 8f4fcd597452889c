/** The built-in sample hub: a child process of either shell, and the choice between it and the real one. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import * as z from 'zod/mini';
import { Fault } from '../shared/result.ts';
import type { HubStatus } from '../shared/schemas/hub.ts';
import type { Hub, HubAddress } from './hub/client.ts';
import type { Platform, SampleHub } from './platform.ts';
import { createWatched } from './watched.ts';

const announcement = z.object({ endpoint: z.string(), redirectHosts: z.array(z.string()) });

interface Child {
  stdout: Readable | NodeJS.ReadableStream | null;
  once(event: 'exit', listener: () => void): unknown;
  kill(): unknown;
}

/** Waits for its first line, which tells where it listens. Rejects with `hub.unreachable` when it ends before. */
export function awaitSampleHub(child: Child): Promise<SampleHub> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Fault('hub.unreachable', 'The sample hub could not be started', { endpoint: 'sample' }));
    child.once('exit', fail);
    if (!child.stdout) return fail();
    createInterface({ input: child.stdout }).once('line', (line) => {
      try {
        resolve({ ...announcement.parse(JSON.parse(line)), close: () => void child.kill() });
      } catch {
        child.kill();
        fail();
      }
    });
  });
}

export interface HubPlace {
  /** Which hub is in use, again whenever that changes. */
  watch(signal: AbortSignal): AsyncIterable<HubStatus>;
  /** Goes over to the sample hub, starting it when it does not run, or back. Rejects with `hub.unreachable` when it cannot be started. */
  choose(sample: boolean): Promise<HubStatus>;
  /** The real hub is another one now, or has another token. */
  changed(): void;
  close(): void;
}

interface HubPlaceOptions {
  /** The real hub. */
  home(): HubAddress;
  startSampleHub: Platform['startSampleHub'];
  hub: Pick<Hub, 'use' | 'endpoint' | 'token'>;
}

/** The choice of the hub that `hub` asks. */
export function createHubPlace({ home, startSampleHub, hub }: HubPlaceOptions): HubPlace {
  let running: SampleHub | undefined;
  const status = (): HubStatus => ({ endpoint: hub.endpoint, sample: running !== undefined, token: hub.token });
  const watched = createWatched(status());

  return {
    watch: (signal) => watched.watch(signal),
    async choose(sample) {
      if (sample && !running) {
        running = await startSampleHub();
        hub.use({ endpoint: running.endpoint, redirectHosts: running.redirectHosts, token: undefined });
      } else if (!sample && running) {
        running.close();
        running = undefined;
        hub.use(home());
      }
      watched.set(status());
      return watched.get();
    },
    changed() {
      if (!running) hub.use(home());
      watched.set(status());
    },
    close: () => running?.close(),
  };
}
