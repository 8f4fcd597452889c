/** The built-in sample hub as a child process of either shell. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import * as z from 'zod/mini';
import { Fault } from '../shared/result.ts';
import type { SampleHub } from './platform.ts';

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
