/** One try to load a model, in an engine process of its own that is gone again when it fails. */
import { control, type LoadRequest } from '../../shared/contract/control.ts';
import { Fault, toFault } from '../../shared/result.ts';
import { type Client, connect } from '../../shared/rpc/connect.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import type { EngineExit, EngineProcess } from '../platform.ts';
import { crashFault } from './crash.ts';

export interface Running {
  process: EngineProcess;
  client: Client<typeof control>;
  model: LoadedModel;
}

export interface Failed {
  fault: Fault;
  /** What the process wrote last. */
  lines: string[];
  /** The process died of it, instead of telling. */
  crashed: boolean;
}

/** A load that says nothing for so long, in ms, will not come to an end: a driver that hangs, or a drive that went. */
const stallLimit = 5 * 60_000;

/**
 * Loads in a process that `start` gives; `onProgress` hears 0 to 1. Never rejects; settles when a process that failed, that `signal`
 * ended, or that stood still for `stallMs`, is gone.
 */
export async function attempt(
  start: () => EngineProcess,
  request: LoadRequest,
  onProgress: (progress: number) => void,
  signal: AbortSignal,
  stallMs = stallLimit,
): Promise<Running | Failed> {
  const process = start();
  const client = connect(control, process.port);
  const kill = (): void => process.kill();
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  let stalled = false;
  const watchdog = setTimeout(() => {
    stalled = true;
    kill();
  }, stallMs);
  let model: LoadedModel | undefined;
  const result = await client.stream('load', request, (event) => {
    watchdog.refresh();
    if (event.type === 'loaded') model = event.model;
    else onProgress(event.progress);
  });
  clearTimeout(watchdog);
  signal.removeEventListener('abort', kill);
  if (result.ok && model) return { process, client, model };

  process.kill();
  const exit = await process.exited;
  if (stalled) return { fault: new Fault('engine.stalled', 'The load stood still', { minutes: stallMs / 60_000 }), lines: lastLines(exit), crashed: false };
  const crashed = !result.ok && result.error.code === 'disconnected';
  const fault = crashed ? crashFault(exit) : result.ok ? new Fault('internal', 'The engine did not say what it loaded') : toFault(result.error);
  return { fault, lines: lastLines(exit), crashed };
}

const keptLines = 100;

/** The end of what a process wrote, in lines, for a person to read. */
export const lastLines = ({ lastWords }: EngineExit): string[] => lastWords.trimEnd().split('\n').slice(-keptLines);
