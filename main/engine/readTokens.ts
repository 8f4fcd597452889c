/** Processes a prompt in pieces, so that progress is seen and a stop heard. */
import type { LlamaContextSequence, Token } from 'node-llama-cpp';

/** How long a piece may take. */
const pieceMs = 250;
/** Fewer tokens at once waste the processor. */
const smallestPiece = 128;

/**
 * Brings the sequence to exactly `tokens`, of which it keeps what it has processed already. A model that cannot go back
 * in its state (hybrid and recurrent ones) gets a checkpoint at each of `places`, where a next prompt may go on.
 */
export async function readTokens(
  sequence: LlamaContextSequence,
  tokens: Token[],
  places: number[],
  onProcessed: (count: number) => void,
  stop: AbortSignal,
): Promise<void> {
  await sequence.adaptStateToTokens(tokens, false);
  onProcessed(sequence.nextTokenIndex);
  let size = smallestPiece;
  while (sequence.nextTokenIndex < tokens.length && !stop.aborted) {
    const from = sequence.nextTokenIndex;
    const piece = tokens.slice(from, Math.min(tokens.length, from + size, ...places.filter((place) => place > from)));
    const started = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(piece);
    const speed = piece.length / (performance.now() - started);
    size = Math.max(smallestPiece, Math.min(sequence.context.batchSize, Math.floor(speed * pieceMs)));
    if (places.includes(sequence.nextTokenIndex) && sequence.needsCheckpoints) await sequence.takeCheckpoint();
    onProcessed(sequence.nextTokenIndex);
  }
}
