/** `atelier pull`: downloads a quantization into the models folder, byte for byte what the hub names. */
import { mkdir } from 'node:fs/promises';
import { createFormat } from '../../shared/format.ts';
import { Fault } from '../../shared/result.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { HubFile } from '../../shared/schemas/hub.ts';
import { defaultLoadSettings } from '../../shared/schemas/memory.ts';
import { elsewhereIn } from '../downloads/elsewhere.ts';
import { createPace } from '../downloads/pace.ts';
import { createRate } from '../downloads/rate.ts';
import { runJob } from '../downloads/run.ts';
import { readModel } from '../hub/files.ts';
import { lockModels } from '../library/lock.ts';
import type { Target } from './arguments.ts';
import { bestOf, namedQuantization, onCards } from './estimate.ts';
import { openLibrary } from './models.ts';
import type { Progress } from './progress.ts';
import { recommendationSentence } from './sentences.ts';
import type { Services } from './services.ts';

const format = createFormat('en-GB');
/** Bytes of the disk that stay free, as in the app. */
const spareBytes = 2e9;

export interface PullReport {
  /** `owner/name:label`. */
  model: string;
  /** Of the model in the library. */
  id: string;
  commit: string;
  /** Bytes. */
  size: number;
  /** A projector came with it. */
  vision: boolean;
  files: { path: string; size: number; sha256: string | null }[];
}

/**
 * What is there already, or elsewhere on this computer, is compared and not fetched; what had arrived when it was stopped is kept. Keeps to the
 * bandwidth that the app's settings allow, at any hour: who asks for it here wants it now. Errors: those of the Hub and of a
 * transfer, `library.locked`, `cancelled`; `UsageError` for a quantization that is not there.
 */
export async function runPull(
  services: Services,
  { repo, quantization: wanted }: Extract<Target, { kind: 'hub' }>,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ report: PullReport; text: string }> {
  const { hub, folders } = services;
  await mkdir(folders.models, { recursive: true });
  const unlock = lockModels(folders.models);
  try {
    const model = await readModel(hub, repo, signal);
    const best = wanted === undefined ? await bestOf(services, model, onCards(services, defaultLoadSettings), signal) : undefined;
    const quantization = best?.quantization ?? namedQuantization(model, wanted!);
    const files = [...quantization.files, ...(model.projector ? [model.projector] : [])];
    const job: DownloadJob = {
      ...{ id: 'pull', endpoint: hub.endpoint, repo: model.id, commit: model.commit, quantization: quantization.id, label: quantization.label },
      files: files.map((file) => ({ ...file, received: 0 })),
      ...{ state: 'running', size: files.reduce((sum, { size }) => sum + size, 0), received: 0, verified: 0, rate: 0, secondsLeft: null, reconnecting: 0 },
      createdAt: new Date().toISOString(),
    };
    const name = `${model.id}:${quantization.label}`;
    const library = await openLibrary(services);
    const pace = createPace();
    pace.set(services.settings.get().downloads.bytesPerSecond);
    const rate = createRate();
    const tick = setInterval(() => rate.add(job.received), 250);
    const onChange = (): void => {
      const verifying = job.state === 'verifying';
      progress.show(name, verifying ? job.verified : job.received, job.size, verifying ? 'verifying' : noteOf(job, rate.perSecond()));
    };
    try {
      const elsewhere = (file: HubFile): string[] => elsewhereIn(library.list(), folders.models, file);
      const how = { source: hub, models: folders.models, elsewhere, signal, spareBytes, pace: pace.take, verified: new Set<string>(), onChange };
      // Once more where a file was removed meanwhile.
      while (!(await runJob(job, how)));
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Fault('cancelled', `Stopped with ${format.fileSize(job.received)} of ${format.fileSize(job.size)}. The same command goes on from there.`);
    } finally {
      clearInterval(tick);
      progress.clear();
    }
    const report: PullReport = {
      ...{ model: name, id: `${model.id}/${quantization.id}`, commit: model.commit, size: job.size, vision: model.projector !== undefined },
      files: job.files.map(({ path, size, sha256 }) => ({ path, size, sha256: sha256 ?? null })),
    };
    const lines = [
      best?.recommendation && recommendationSentence(best.recommendation),
      `${name} is on this computer: ${format.fileSize(job.size)}, as ${report.id}.`,
    ];
    return { report, text: lines.filter(Boolean).join('\n') };
  } finally {
    unlock();
  }
}

const noteOf = ({ reconnecting }: DownloadJob, perSecond: number): string =>
  reconnecting > 0 ? `reconnecting (${reconnecting})` : perSecond > 0 ? `${format.fileSize(perSecond)}/s` : '';
