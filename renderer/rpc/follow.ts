/** A stream that is taken up again after a lost connection. */
import type { AppError, Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { Contract, Input, Output, StreamName } from '../../shared/rpc/define.ts';

/**
 * Hands each event to `on` until the stream ends for another reason than a lost connection.
 * `input` is asked again for every attempt, so that a stream with a position goes on where it was.
 */
export async function follow<C extends Contract, K extends StreamName<C>>(
  client: Client<C>,
  method: K,
  input: () => Input<C[K]>,
  on: (event: Output<C[K]>) => void,
  signal?: AbortSignal,
): Promise<Result<void>> {
  for (;;) {
    const end = await client.stream(method, input(), on, { signal });
    if (end.ok || end.error.code !== 'disconnected' || signal?.aborted) return end;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Follows a stream of snapshots for as long as the page lives; `onError` hears why it ended, if ever it does. */
export function watch<C extends Contract, K extends StreamName<C>>(
  client: Client<C>,
  method: K,
  on: (event: Output<C[K]>) => void,
  onError: (error: AppError) => void,
): void {
  void follow(client, method, () => undefined as Input<C[K]>, on).then((end) => {
    if (!end.ok) onError(end.error);
  });
}
