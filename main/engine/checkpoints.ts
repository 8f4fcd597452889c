/** The places that a hybrid or recurrent model can go back to, each a copy of its state in RAM. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { diskSource, readHeader } from '../gguf/read.ts';
import { memoryFacts } from '../memory/facts.ts';

/** What the copies of one conversation may take, but for a model of which four take more. */
export const checkpointRoom = 512 * 2 ** 20;
const [fewest, most] = [4, 16];

export const checkpointCount = (stateBytes: number): number =>
  stateBytes === 0 ? most : Math.min(most, Math.max(fewest, Math.floor(checkpointRoom / stateBytes)));

/**
 * How many a model may have, and the tokens between them: spread over the whole context but for the last few, which lie
 * where the next prompt most often goes on.
 */
export async function checkpointsOf(model: string, contextSize: number): Promise<{ count: number; step: number }> {
  const count = checkpointCount(await stateBytes(model).catch(() => checkpointRoom));
  return { count, step: Math.ceil(contextSize / (count - 2)) };
}

/** Bytes of the recurrent state of one conversation; 0 for a model without. */
export async function stateBytes(model: string): Promise<number> {
  await using file = await open(model);
  const name = path.basename(model);
  const { header } = await readHeader(diskSource(file, (await file.stat()).size, name));
  return memoryFacts(header, name).layers.reduce((sum, { state }) => sum + state, 0);
}
