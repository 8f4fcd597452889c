/** Processes a prompt in pieces, so that progress is seen and a stop heard. */
import type { LlamaContextSequence, Token } from 'node-llama-cpp';

/** How long a piece may take. */
const pieceMs = 250;
/** Fewer tokens at once waste the processor. */
const smallestPiece = 128;

/**
 * Brings the sequence to exactly `tokens`, of which it keeps what it has processed already. A model that cannot go back
 * in its state (hybrid and recurrent ones) gets a checkpoint at `stable`, where the conversation will go on.
 */
export async function readTokens(
  sequence: LlamaContextSequence,
  tokens: Token[],
  stable: number,
  onProcessed: (count: number) => void,
  stop: AbortSignal,
): Promise<void> {
  await sequence.adaptStateToTokens(tokens, false);
  onProcessed(sequence.nextTokenIndex);
  let size = smallestPiece;
  while (sequence.nextTokenIndex < tokens.length && !stop.aborted) {
    const from = sequence.nextTokenIndex;
    const piece = tokens.slice(from, Math.min(tokens.length, from + size, from < stable ? stable : tokens.length));
    const started = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(piece);
    const speed = piece.length / (performance.now() - started);
    size = Math.max(smallestPiece, Math.min(sequence.context.batchSize, Math.floor(speed * pieceMs)));
    if (sequence.nextTokenIndex === stable && sequence.needsCheckpoints) await sequence.takeCheckpoint();
    onProcessed(sequence.nextTokenIndex);
  }
}
