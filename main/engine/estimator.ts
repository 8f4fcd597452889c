/** A second engine process that only answers questions about memory and hardware, and ends when nobody asks. */
import { control, type EstimateAnswer, type EstimateRequest } from '../../shared/contract/control.ts';
import { Fault, type Result, toFault } from '../../shared/result.ts';
import { type Client, connect } from '../../shared/rpc/connect.ts';
import type { Bandwidth, Hardware } from '../../shared/schemas/hardware.ts';
import type { EngineProcess } from '../platform.ts';
import { callFault } from './crash.ts';

export interface Estimator {
  /** What this machine has; `folder` tells which disk. */
  hardware(folder: string): Promise<Hardware>;
  /** What a plan costs. `signal` drops a question that nobody waits for. */
  estimate(request: EstimateRequest, signal?: AbortSignal): Promise<EstimateAnswer>;
  /**
   * How fast weights are read, on the GPU or in RAM. Measured in a process of its own, so that no question has to wait for a slow
   * card; one that takes too long is given up with `engine.busy`.
   */
  bandwidth(onGpu: boolean): Promise<Bandwidth>;
  close(): Promise<void>;
}

type Control = Client<typeof control>;

/**
 * llama.cpp really allocates a recurrent state (50 MiB of a 9B) for every context it is asked about, where the GPU is the CPU or there
 * is none: glibc would fetch it from the system and give it back each time, which is 40 % of an answer.
 */
const keepsMemory = { MALLOC_MMAP_THRESHOLD_: String(2 ** 30), MALLOC_TRIM_THRESHOLD_: String(2 ** 30) };

/**
 * Starts its process with the first question and ends it `idleMs` after the last: an idle app holds no GPU context. A measurement may
 * take `probeMs`.
 */
export function createEstimator(start: (env: Record<string, string>) => EngineProcess, idleMs = 60_000, probeMs = 15_000): Estimator {
  let running: { process: EngineProcess; client: Control } | undefined;
  const probes = new Set<EngineProcess>();
  let asking = 0;
  let idle: NodeJS.Timeout | undefined;

  const end = async (): Promise<void> => {
    clearTimeout(idle);
    const ending = running;
    running = undefined;
    ending?.process.kill();
    await ending?.process.exited;
  };

  const begin = (): { process: EngineProcess; client: Control } => {
    const process = start(keepsMemory);
    const begun = { process, client: connect(control, process.port) };
    void process.exited.then(() => {
      if (running === begun) running = undefined;
    });
    return begun;
  };

  const ask = async <T>(question: (client: Control) => Promise<Result<T>>): Promise<T> => {
    clearTimeout(idle);
    running ??= begin();
    const { process, client } = running;
    asking++;
    try {
      const answer = await question(client);
      if (answer.ok) return answer.value;
      throw await callFault(process, answer.error);
    } finally {
      asking--;
      if (asking === 0 && running) idle = setTimeout(() => void end(), idleMs).unref();
    }
  };

  return {
    hardware: (folder) => ask((client) => client.call('hardware', { folder })),
    estimate: (request, signal) => ask((client) => client.call('estimate', request, { signal })),
    async bandwidth(onGpu) {
      const { process, client } = begin();
      probes.add(process);
      const late = setTimeout(() => process.kill(), probeMs);
      try {
        const answer = await client.call('bandwidth', { onGpu });
        if (answer.ok) return answer.value;
        throw answer.error.code === 'disconnected' ? new Fault('engine.busy', 'The measurement took too long') : toFault(answer.error);
      } finally {
        clearTimeout(late);
        probes.delete(process);
        process.kill();
      }
    },
    async close() {
      for (const process of probes) process.kill();
      await Promise.all([end(), ...[...probes].map(({ exited }) => exited)]);
    },
  };
}
