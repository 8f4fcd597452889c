/** Which projector goes with a model on disk. */
import { posix } from 'node:path';
import { parseFileName } from '../../shared/quant.ts';
import type { ModelFacts } from '../gguf/facts.ts';

export interface KnownProjector {
  /** Relative to its place, with `/`. */
  within: string;
  facts: ModelFacts;
}

// F16 works on every backend, BF16 is slow or missing on some (protocol 4.4).
const order = ['F16', 'BF16', 'Q8_0', 'F32'];

/** The projector of the model's folder, else of the nearest one above it in its repository, whose width is the model's. */
export function projectorFor<P extends KnownProjector>(within: string, facts: ModelFacts, projectors: readonly P[]): P | undefined {
  const fits = projectors.filter((projector) => goesWith(projector.facts, facts));
  const folders = posix.dirname(within).split('/');
  for (let depth = folders.length; depth >= Math.min(2, folders.length); depth--) {
    const folder = folders.slice(0, depth).join('/');
    const here = fits.filter((projector) => posix.dirname(projector.within) === folder);
    if (here.length > 0) return here.toSorted((a, b) => rank(a) - rank(b))[0];
  }
}

/** A projector with a width of its own goes with models of that width alone. */
export function goesWith({ clip }: ModelFacts, { embeddingLength }: ModelFacts): boolean {
  return clip?.vision === true && (!clip.projectionDim || !embeddingLength || clip.projectionDim === embeddingLength);
}

function rank({ within }: KnownProjector): number {
  const place = order.indexOf(parseFileName(within).label ?? '');
  return place < 0 ? order.length : place;
}
