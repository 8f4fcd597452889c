/** Further engine processes that only answer questions about memory and hardware, and end when nobody asks: one for each environment. */
import { control, type EstimateAnswer, type EstimateRequest } from '../../shared/contract/control.ts';
import { Fault, type Result, toFault } from '../../shared/result.ts';
import { type Client, connect } from '../../shared/rpc/connect.ts';
import type { Bandwidth, Hardware } from '../../shared/schemas/hardware.ts';
import type { EngineProcess } from '../platform.ts';
import { callFault } from './crash.ts';

export interface Estimator {
  /** What this machine has; `folder` tells which disk. `env` is what its process sees more, such as which cards. */
  hardware(folder: string, env?: Environment): Promise<Hardware>;
  /** What a plan costs. `signal` drops a question that nobody waits for. */
  estimate(request: EstimateRequest, signal?: AbortSignal, env?: Environment): Promise<EstimateAnswer>;
  /**
   * How fast weights are read, on the GPU or in RAM. Measured in a process of its own, so that no question has to wait for a slow
   * card; one that takes too long is given up with `engine.busy`.
   */
  bandwidth(onGpu: boolean, env?: Environment): Promise<Bandwidth>;
  close(): Promise<void>;
}

type Environment = Record<string, string>;

interface Asked {
  process: EngineProcess;
  client: Client<typeof control>;
  /** Questions that wait. */
  asking: number;
  wasAsked: boolean;
  idle?: NodeJS.Timeout;
}

/**
 * llama.cpp really allocates a recurrent state (50 MiB of a 9B) for every context it is asked about, where the GPU is the CPU or there
 * is none: glibc would fetch it from the system and give it back each time, which is 40 % of an answer.
 */
const keepsMemory = { MALLOC_MMAP_THRESHOLD_: String(2 ** 30), MALLOC_TRIM_THRESHOLD_: String(2 ** 30) };

/**
 * Starts a process with the first question and ends it `idleMs` after the last: an idle app holds no GPU context. A question that a
 * process took along which others had asked before is asked once more, of a new one. A measurement may take `probeMs`.
 */
export function createEstimator(start: (env: Environment) => EngineProcess, idleMs = 60_000, probeMs = 15_000): Estimator {
  const running = new Map<string, Asked>();
  const probes = new Set<EngineProcess>();
  let closed = false;

  const begin = (env?: Environment): Asked => {
    const process = start({ ...keepsMemory, ...env });
    return { process, client: connect(control, process.port), asking: 0, wasAsked: false };
  };

  const processFor = (env?: Environment): Asked => {
    const key = JSON.stringify(env ?? {});
    const known = running.get(key);
    if (known) return known;
    const begun = begin(env);
    running.set(key, begun);
    void begun.process.exited.then(() => {
      if (running.get(key) === begun) running.delete(key);
    });
    return begun;
  };

  const end = async (ending: Asked): Promise<void> => {
    clearTimeout(ending.idle);
    for (const [key, asked] of running) if (asked === ending) running.delete(key);
    ending.process.kill();
    await ending.process.exited;
  };

  const ask = async <T>(env: Environment | undefined, question: (client: Asked['client']) => Promise<Result<T>>, again = true): Promise<T> => {
    const asked = processFor(env);
    clearTimeout(asked.idle);
    asked.asking++;
    const isFirst = !asked.wasAsked;
    asked.wasAsked = true;
    try {
      const answer = await question(asked.client);
      if (answer.ok) return answer.value;
      // One that others asked may have died of them, or for want of memory, before it heard this.
      if (answer.error.code !== 'disconnected' || isFirst || !again || closed) throw await callFault(asked.process, answer.error);
    } finally {
      asked.asking--;
      if (asked.asking === 0) asked.idle = setTimeout(() => void end(asked), idleMs).unref();
    }
    await asked.process.exited;
    return ask(env, question, false);
  };

  return {
    hardware: (folder, env) => ask(env, (client) => client.call('hardware', { folder })),
    estimate: (request, signal, env) => ask(env, (client) => client.call('estimate', request, { signal })),
    async bandwidth(onGpu, env) {
      const { process, client } = begin(env);
      probes.add(process);
      const late = setTimeout(() => process.kill(), probeMs);
      try {
        const answer = await client.call('bandwidth', { onGpu });
        if (answer.ok) return answer.value;
        throw answer.error.code === 'disconnected' ? new Fault('engine.busy', 'The measurement took too long') : toFault(answer.error);
      } finally {
        clearTimeout(late);
        process.kill();
        await process.exited;
        probes.delete(process);
      }
    },
    async close() {
      closed = true;
      for (const process of probes) process.kill();
      await Promise.all([...[...running.values()].map(end), ...[...probes].map(({ exited }) => exited)]);
    },
  };
}
