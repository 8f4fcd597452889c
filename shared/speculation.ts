/** Which ways there are to guess a model's next tokens ahead. */
import type { Speculation } from './schemas/memory.ts';

/** What decides it: of a file's header, or of a model of the library. */
export interface Speculating {
  /** The same for models that divide text into the same tokens; absent where the file does not say. */
  tokenizer?: string | undefined;
  /** Weights. */
  parameters?: number | undefined;
  /** Layers for multi-token prediction. */
  nextnLayers?: number | undefined;
}

/** Whether `draft` can guess for `model`: it means the same by a token, and is smaller. */
export const canDraft = (draft: Speculating, model: Speculating): boolean =>
  model.tokenizer !== undefined && draft.tokenizer === model.tokenizer && (draft.parameters ?? Infinity) < (model.parameters ?? 0);

/** Whether `model` can be sped up so. `draft` is the chosen model, where it is there. */
export const canSpeculate = ({ type }: Speculation, model: Speculating, draft: Speculating | undefined): boolean =>
  type === 'mtp' ? (model.nextnLayers ?? 0) > 0 : draft !== undefined && canDraft(draft, model);
