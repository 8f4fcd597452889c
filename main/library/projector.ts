/** Which projector goes with a model on disk. */
import { posix } from 'node:path';
import { parseFileName } from '../../shared/quant.ts';
import type { ModelFacts } from '../gguf/facts.ts';

export interface KnownProjector {
  /** Relative to the models folder, with `/`. */
  path: string;
  /** Bytes. */
  size: number;
  facts: ModelFacts;
}

// F16 works on every backend, BF16 is slow or missing on some (protocol 4.4).
const order = ['F16', 'BF16', 'Q8_0', 'F32'];

/** The projector of the model's folder, else of the nearest one above it in its repository, whose width is the model's. */
export function projectorFor(modelPath: string, facts: ModelFacts, projectors: readonly KnownProjector[]): KnownProjector | undefined {
  const fits = projectors.filter(
    ({ facts: { clip } }) => clip?.vision && (!clip.projectionDim || !facts.embeddingLength || clip.projectionDim === facts.embeddingLength),
  );
  const folders = posix.dirname(modelPath).split('/');
  for (let depth = folders.length; depth >= Math.min(2, folders.length); depth--) {
    const folder = folders.slice(0, depth).join('/');
    const here = fits.filter(({ path }) => posix.dirname(path) === folder);
    if (here.length > 0) return here.toSorted((a, b) => rank(a) - rank(b))[0];
  }
}

function rank({ path }: KnownProjector): number {
  const place = order.indexOf(parseFileName(path).label ?? '');
  return place < 0 ? order.length : place;
}
