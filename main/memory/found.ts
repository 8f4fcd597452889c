/** The headers that an estimate is made of, of a model on disk or on the Hub. */
import type { MemorySource } from '../../shared/contract/core.ts';
import { Fault } from '../../shared/result.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import type { Header, Headers } from '../gguf/headers.ts';

export interface Found {
  /** In the library, there already or not. */
  id: string;
  model: Header;
  projector?: Header;
  /** Of the model that guesses for it, where one is asked for and there. */
  draft?: Header;
}

export interface FinderParts {
  headers: Pick<Headers, 'forHub' | 'forFile'>;
  library: { resolve(id: string): Promise<{ files: string[]; projector?: string }> };
  /** A repository of the Hub as it is now. */
  model(repo: string, signal: AbortSignal): Promise<ModelDetail>;
}

type Finder = (source: MemorySource, settings: Pick<LoadSettings, 'vision' | 'speculation'>, signal: AbortSignal) => Promise<Found>;

/** Models of the Hub whose headers are kept in mind. */
const keptHeaders = 1_000;

/** Finds what the settings make use of. Errors: those of the Hub, `library.notFound`, `gguf.*`. */
export function createFinder({ headers, library, model }: FinderParts): Finder {
  /** Headers of a commit on the Hub never change. */
  const known = new Map<string, Found>();

  const here = async (id: string, vision: boolean, signal: AbortSignal): Promise<Found> => {
    const { files, projector } = await library.resolve(id);
    const [own, image] = await Promise.all([headers.forFile(files, signal), vision && projector ? headers.forFile([projector], signal) : undefined]);
    return { id, model: own, ...(image && { projector: image }) };
  };

  const onHub = async (source: Extract<MemorySource, { kind: 'hub' }>, vision: boolean, signal: AbortSignal): Promise<Found> => {
    const key = JSON.stringify([source, vision]);
    const before = known.get(key);
    if (before) return before;
    const { repo } = source;
    const { quantizations, projector, commit } = await model(repo, signal);
    const files = quantizations.find(({ id }) => id === source.quantization)?.files;
    if (!files) throw new Fault('hub.notFound', `${repo} no longer has ${source.quantization}.`, { repo });
    const [own, image] = await Promise.all([
      headers.forHub({ repo, commit, files }, signal),
      vision && projector ? headers.forHub({ repo, commit, files: [projector] }, signal) : undefined,
    ]);
    const found = { id: `${repo}/${files[0]!.path}`, model: own, ...(image && { projector: image }) };
    if (commit === source.commit) known.set(key, found);
    if (known.size > keptHeaders) known.delete(known.keys().next().value!);
    return found;
  };

  /** A model that was removed or is broken guesses nothing. */
  const guessing = async (id: string, signal: AbortSignal): Promise<Header | undefined> => {
    try {
      return (await here(id, false, signal)).model;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Fault) return undefined;
      throw error;
    }
  };

  return async (source, { vision, speculation }, signal) => {
    const [found, draft] = await Promise.all([
      source.kind === 'library' ? here(source.id, vision, signal) : onHub(source, vision, signal),
      speculation?.type === 'draft' ? guessing(speculation.model, signal) : undefined,
    ]);
    return draft ? { ...found, draft } : found;
  };
}
