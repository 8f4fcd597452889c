/** Has every backend of this machine load the built-in tiny model, answer, and look at a picture: what support asks for first. */
import path from 'node:path';
import type { GenerateRequest, LoadPlan, LoadRequest } from '../../shared/contract/control.ts';
import { toAppError } from '../../shared/result.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import type { SelfTestBackend, SelfTestReport, SelfTestRun } from '../../shared/schemas/selfTest.ts';
import { seenBy } from '../hardware/seenBy.ts';
import type { Platform } from '../platform.ts';
import { createWatched } from '../watched.ts';
import { attempt, type Running } from './attempt.ts';
import { callFault } from './crash.ts';
import { packageFolder, packageName } from './serverPackage.ts';
import type { defaultBuild } from './vision.ts';

type Backend = Hardware['backend'];

export interface SelfTestOptions {
  platform: Pick<Platform, 'startEngine' | 'tinyModel'>;
  build: ReturnType<typeof defaultBuild>;
  /** What a load takes by itself now. */
  hardware(): Promise<Hardware>;
}

/** In the order in which they are tried where nothing is chosen. */
const candidates: Backend[] = process.platform === 'darwin' ? ['metal', 'cpu'] : ['cuda', 'vulkan', 'cpu'];
const plan: LoadPlan = { contextSize: 4096, kvType: 'f16', flashAttention: true, gpuLayers: 999, vision: true, batchSize: 512 };
const numbers = Array.from({ length: 100 }, (_, index) => index + 1).join(', ');
const seen = 'A red circle on a white background.';

/** Runs it; the report comes again with every change, `done` at last. Ends early, its processes with it, when `signal` aborts. */
export async function* selfTest({ platform, build, hardware }: SelfTestOptions, signal: AbortSignal): AsyncGenerator<SelfTestReport> {
  const waiting = (): SelfTestRun[] => [
    { engine: 'llama-server', state: 'waiting' },
    { engine: 'node-llama-cpp', state: 'waiting' },
  ];
  const report = createWatched<SelfTestReport>({ done: false, backends: candidates.map((backend) => ({ backend, state: 'waiting', runs: waiting() })) });
  const change = (backend: Backend, said: Partial<SelfTestBackend>): void =>
    report.set({ ...report.get(), backends: report.get().backends.map((each) => (each.backend === backend ? { ...each, ...said } : each)) });
  const changeRun = (backend: Backend, engine: SelfTestRun['engine'], said: Partial<SelfTestRun>): void =>
    change(backend, {
      runs: report
        .get()
        .backends.find((each) => each.backend === backend)!
        .runs.map((run) => (run.engine === engine ? { ...run, ...said } : run)),
    });

  const testBackend = async (backend: Backend, used: Backend): Promise<void> => {
    if (!packageFolder(packageName(backend))) return change(backend, { state: 'notInstalled', runs: [] });
    change(backend, { state: 'running' });
    const device = await deviceOf(platform, backend, signal).catch((error: unknown) => toAppError(error));
    if (device === undefined || (typeof device === 'object' && device.code === 'engine.noBackend')) return change(backend, { state: 'noDevice', runs: [] });
    if (typeof device === 'object') return change(backend, { state: 'failed', error: device, runs: [] });
    change(backend, { device });
    for (const { engine } of waiting()) {
      signal.throwIfAborted();
      changeRun(backend, engine, { state: 'running' });
      changeRun(backend, engine, await testEngine(backend, engine));
    }
    const { runs } = report.get().backends.find((each) => each.backend === backend)!;
    change(backend, { state: runs.some(({ state }) => state === 'failed') ? 'failed' : backend === used ? 'used' : 'works' });
  };

  const testEngine = async (backend: Backend, engine: SelfTestRun['engine']): Promise<Partial<SelfTestRun>> => {
    const file = (name: string): string => path.join(platform.tinyModel, name);
    const request: LoadRequest = { model: file('tiny-qwen3.5-vl-Q8_0.gguf'), plan: { ...plan, ...(backend === 'cpu' && { gpuLayers: 0 }) } };
    if (engine === 'llama-server') {
      const built = await build(backend, () => {}, signal);
      if ('problem' in built) return { state: 'skipped', missing: built.problem };
      Object.assign(request, { serverFolder: built.folder, projector: file('mmproj-tiny-qwen3.5-vl-F16.gguf') });
    }
    const began = performance.now();
    const tried = await attempt(
      () => platform.startEngine({ ATELIER_GPU: backend }),
      request,
      () => {},
      signal,
    );
    if (!('model' in tried)) return { state: 'failed', error: toAppError(tried.fault) };
    const loadMs = performance.now() - began;
    const stop = (): void => tried.process.kill();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const counted = await answer(tried, { content: [{ type: 'text', text: 'Count from 1 to 100.' }] });
      const result: Partial<SelfTestRun> = { loadMs, tokensPerSecond: counted.tokensPerSecond };
      if (counted.text !== numbers) return { ...result, state: 'failed', said: counted.text };
      if (!tried.model.vision) return { ...result, state: 'passed' };
      const picture = file('pictures/01-red-circle.png');
      const told = await answer(tried, {
        content: [
          { type: 'image', path: picture },
          { type: 'text', text: 'Describe the picture.' },
        ],
      });
      const saw = told.text === seen;
      return { ...result, saw, state: saw ? 'passed' : 'failed', ...(!saw && { said: told.text }) };
    } catch (error) {
      return { state: 'failed', loadMs, error: toAppError(error) };
    } finally {
      signal.removeEventListener('abort', stop);
      tried.process.kill();
      await tried.process.exited;
    }
  };

  const work = async (): Promise<void> => {
    const used = await hardware().then(
      ({ backend }) => backend,
      () => 'cpu' as const,
    );
    for (const backend of candidates) await testBackend(backend, used);
    report.set({ ...report.get(), done: true });
  };
  const over = new AbortController();
  const working = work();
  working.catch(() => over.abort());
  try {
    for await (const now of report.watch(AbortSignal.any([signal, over.signal]))) {
      yield now;
      if (now.done) break;
    }
  } finally {
    await working.catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** The name of what a backend computes with; undefined where it finds nothing. */
async function deviceOf(platform: SelfTestOptions['platform'], backend: Backend, signal: AbortSignal): Promise<string | undefined> {
  const { gpus, cpu } = await seenBy(platform.startEngine({ ATELIER_GPU: backend }), platform.tinyModel, signal);
  return backend === 'cpu' ? cpu.name : gpus.join(', ') || undefined;
}

async function answer(
  { client, process }: Running,
  { content }: Pick<GenerateRequest['messages'][number], 'content'>,
): Promise<{ text: string; tokensPerSecond: number }> {
  let text = '';
  let tokensPerSecond = 0;
  const request: GenerateRequest = { turnId: 'self-test', messages: [{ role: 'user', content }], thinking: false, temperature: 0 };
  const told = await client.stream('generate', request, (event) => {
    if (event.type === 'text') text += event.text;
    if (event.type === 'end') tokensPerSecond = event.stats.tokensPerSecond;
  });
  if (!told.ok) throw await callFault(process, told.error);
  return { text: text.trim(), tokensPerSecond };
}
