/** Whether the pictures of a load can be seen, and by which llama-server. */
import path from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { VisionProblem } from '../../shared/schemas/engine.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import type { EngineChoice } from '../../shared/schemas/memory.ts';
import { type ModelFacts, modelFacts } from '../gguf/facts.ts';
import { headerOf } from '../gguf/read.ts';
import { type Built, buildServer } from './serverBuild.ts';

export interface VisionQuestion {
  projector: string | undefined;
  /** The person wants pictures. */
  wanted: boolean;
  facts: ModelFacts;
}

export type Vision = { projector: string; serverFolder: string } | { problem: VisionProblem };

/**
 * Builds llama-server where pictures are wanted and can be had; a missing tool leaves a text model and says what is missing.
 * Throws `engine.projectorMismatch` for a projector of another model, before anything is built or started.
 */
export async function prepareVision(
  { projector, wanted, facts }: VisionQuestion,
  compute: () => Promise<Hardware['backend']>,
  build: (compute: Hardware['backend']) => Promise<Built>,
): Promise<Vision> {
  if (!projector) return { problem: 'noProjector' };
  if (!wanted) return { problem: 'off' };
  await checkProjector(projector, facts);
  const built = await build(await compute());
  return 'problem' in built ? built : { projector, serverFolder: built.folder };
}

/**
 * The llama-server that a text model runs in; undefined, or with what building it lacks: node-llama-cpp runs it. Nobody waits minutes for one to be built
 * for text alone, unless it was chosen.
 */
export async function serverForText(
  engine: EngineChoice,
  compute: () => Promise<Hardware['backend']>,
  built: (compute: Hardware['backend']) => string | undefined,
  build: (compute: Hardware['backend']) => Promise<Built>,
): Promise<Built | undefined> {
  if (engine === 'node-llama-cpp') return undefined;
  const folder = built(await compute());
  if (folder !== undefined) return { folder };
  return engine === 'auto' ? undefined : build(await compute());
}

export const defaultBuild =
  (cacheFolder: string) =>
  (compute: Hardware['backend'], onProgress: (progress: number) => void, signal: AbortSignal): Promise<Built> =>
    buildServer({ cacheFolder, compute, onProgress, signal });

/** The projector must hand over vectors as wide as the model's own. */
async function checkProjector(file: string, model: ModelFacts): Promise<void> {
  const name = path.basename(file);
  const { header } = await headerOf(file);
  const { clip } = modelFacts([header]);
  const expected = model.embeddingLength;
  if (clip?.vision && (!clip.projectionDim || !expected || clip.projectionDim === expected)) return;
  throw new Fault('engine.projectorMismatch', `${name} is not the projector of this model`, {
    ...{ projector: name, model: model.name ?? model.architecture, expected: expected ?? 0, actual: clip?.projectionDim ?? 0 },
  });
}
