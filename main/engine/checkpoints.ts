/** The places that a hybrid or recurrent model can go back to, each a copy of its state in RAM. */
import path from 'node:path';
import { headerOf } from '../gguf/read.ts';
import { memoryFacts } from '../memory/facts.ts';

/** What the copies of all conversations may take, but for a model of which four for each take more. */
export const checkpointRoom = 512 * 2 ** 20;
const [fewest, most] = [4, 16];

/** Copies that each conversation may have, where those of all their states together take `stateBytes`. */
export const checkpointCount = (stateBytes: number): number =>
  stateBytes === 0 ? most : Math.min(most, Math.max(fewest, Math.floor(checkpointRoom / stateBytes)));

/** What the states of a load are of. */
interface Stateful {
  model: string;
  /** The model that guesses, whose state is copied with the other. */
  draft?: string | undefined;
  /** Absent: 1. */
  slots?: number | undefined;
}

/**
 * How many each conversation may have, and the tokens between them: spread over the whole context but for the last few, which lie
 * where the next prompt most often goes on.
 */
export async function checkpointsOf({ model, draft, slots = 1 }: Stateful, contextSize: number): Promise<{ count: number; step: number }> {
  const [own, other] = await Promise.all([model, draft].map((file) => (file === undefined ? 0 : stateBytes(file).catch(() => checkpointRoom))));
  const count = checkpointCount(slots * (own! + other!));
  return { count, step: Math.ceil(contextSize / (count - 2)) };
}

/** Bytes of the recurrent state of one conversation; 0 for a model without. */
export async function stateBytes(model: string): Promise<number> {
  const { header } = await headerOf(model);
  return memoryFacts(header, path.basename(model)).layers.reduce((sum, { state }) => sum + state, 0);
}
