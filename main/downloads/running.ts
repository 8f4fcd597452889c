/** A job while it runs: how fast it is, and what becomes of it. */
import { toAppError } from '../../shared/result.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { type HomeHub, only } from './home.ts';
import { settle } from './job.ts';
import { createRate } from './rate.ts';
import { type RunOptions, runJob } from './run.ts';

export const tickMs = 250;

export interface RunningOptions extends Omit<RunOptions, 'source' | 'onChange'> {
  hub: HomeHub;
  /** Called when the job enters another state. */
  onState(): void;
  /** Called four times a second. */
  onTick(): void;
  /** Hears what nobody foresaw, of which the job only says that the log has it. */
  onUnforeseen?: ((error: unknown) => void) | undefined;
}

/** Runs a job from its own hub until it is done, waits, has failed, or is stopped, and says in the job which; stopped: who stopped it says. Never rejects. */
export async function run(job: DownloadJob, { hub, onState, onTick, onUnforeseen = () => {}, ...how }: RunningOptions): Promise<void> {
  const rate = createRate();
  const { endpoint } = hub;
  job.endpoint ??= endpoint;
  delete job.error;
  delete job.waiting;
  let told: DownloadJob['state'] | undefined;
  const onChange = (): void => {
    if (told !== job.state) onState();
    told = job.state;
  };
  const tick = setInterval(() => {
    rate.add(job.received);
    job.rate = job.state === 'running' ? rate.perSecond() : 0;
    job.secondsLeft = job.rate > 0 ? (job.size - job.received) / job.rate : null;
    onTick();
  }, tickMs);
  try {
    const whole = await runJob(job, { ...how, source: only(hub, endpoint), onChange });
    settle(job, whole ? 'done' : 'queued');
  } catch (error) {
    if (how.signal.aborted) return;
    if (hub.endpoint !== endpoint) return settle(job, 'queued');
    job.error = toAppError(error);
    if (job.error.code === 'internal') onUnforeseen(error);
    // Room is made by the person, and then it is not a failure to go on.
    settle(job, job.error.code === 'download.diskLow' ? 'paused' : 'failed');
  } finally {
    clearInterval(tick);
  }
}
