/** What llama-server is started with. */
import type { LoadPlan, LoadRequest } from '../../shared/contract/control.ts';
import { imageTokenCap, sharesOf } from '../../shared/schemas/memory.ts';
import { guessedAhead } from '../memory/speculation.ts';
import { checkpointsOf } from './checkpoints.ts';
import { threads } from './llama.ts';
import { modelBytes } from './modelBytes.ts';
import { asArguments, positionsOf } from './positions.ts';

/** The plan as llama-server's arguments: nothing is fitted or chosen by the server itself. */
export async function serverArguments({ model, projector, stateFolder, speculation, plan }: LoadRequest): Promise<string[]> {
  const { count, step } = await checkpointsOf(
    { model, draft: speculation?.type === 'draft' ? speculation.model : undefined, slots: plan.slots },
    plan.contextSize,
  );
  const cores = String(threads(modelBytes(model), plan.threads));
  // Hundreds of tokens at once are work for every core, however small the model.
  const promptCores = String(threads(undefined, plan.threads));
  return [
    ...['-m', model, ...(projector ? ['--mmproj', projector, '--image-max-tokens', String(plan.imageTokens ?? imageTokenCap)] : [])],
    ...(plan.gpuLayers === 0 || plan.projectorInRam ? ['--no-mmproj-offload'] : []),
    ...(plan.expertsInRam ? ['--n-cpu-moe', String(plan.expertsInRam)] : []),
    ...['-c', String(plan.contextSize), '-ngl', String(plan.gpuLayers), '-fit', 'off', '-lm', loadMode(plan)],
    ...sharing(plan),
    ...asArguments(await positionsOf(model, plan)),
    ...['-ctk', plan.kvType, '-ctv', plan.kvType, '-fa', plan.flashAttention ? 'on' : 'off'],
    ...['-b', String(plan.batchSize), '-ub', String(plan.batchSize), '-t', cores, '-tb', promptCores],
    ...['--ctx-checkpoints', String(count), '--checkpoint-min-step', String(step)],
    // Each answer may use the whole context, as long as all together fit. No copies of old prompts in RAM: they are kept on disk.
    ...['-np', String(plan.slots ?? 1), ...(plan.slots ? ['--kv-unified'] : []), '--cache-ram', '0'],
    ...guessing(speculation, plan, cores),
    ...(stateFolder ? ['--slot-save-path', stateFolder] : []),
    ...['--no-ui', '--jinja', '--log-colors', 'off', '-lv', '4'],
  ];
}

/** Shares count for the cards that this process sees, which are in the order of their ids. */
function sharing({ cards, gpuLayers }: LoadPlan): string[] {
  const shares = sharesOf(cards);
  return shares && gpuLayers > 0 ? ['--split-mode', 'layer', '--tensor-split', shares.join(',')] : [];
}

/** A model that guesses lies whole on one side, as it is asked several times for each word; its cache is like the other's. */
function guessing(speculation: LoadRequest['speculation'], { gpuLayers, kvType }: LoadPlan, cores: string): string[] {
  if (!speculation) return [];
  const alike = ['--spec-draft-n-max', String(guessedAhead), '-ctkd', kvType, '-ctvd', kvType];
  if (speculation.type === 'mtp') return ['--spec-type', 'draft-mtp', ...alike];
  return ['--spec-type', 'draft-simple', '-md', speculation.model, '-ngld', gpuLayers > 0 ? '999' : '0', '-td', cores, ...alike];
}

/** Read into memory where nobody asks for more: only then is what llama.cpp counts what it takes. */
function loadMode({ mmap, mlock }: LoadPlan): string {
  if (mlock) return mmap ? 'mmap+mlock' : 'mlock';
  return mmap ? 'mmap' : 'none';
}
