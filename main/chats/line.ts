/** Answers wait in line for their model, which gives as many at the same time as it has slots. */
import { Fault } from '../../shared/result.ts';

interface Line {
  /** Does `work` when those before it in the line of `modelId` have gone. Rejects with `cancelled` when `id` left while it waited. */
  run<T>(id: string, modelId: string, work: () => Promise<T>): Promise<T>;
  /** Lets those go for whom there is room now: a model that was loaded may give more answers than one. */
  advance(modelId: string): void;
  /** Takes `id` out of the line; false when it is not waiting. */
  leave(id: string): boolean;
  /** Takes everyone out. */
  close(): void;
}

/** `slots` tells how many answers a model gives at once. */
export function createLine(slots: (modelId: string) => number): Line {
  const waiting: { id: string; modelId: string; go: () => void; leave: () => void }[] = [];
  const busy = new Map<string, number>();
  const count = (modelId: string, change: number): void => void busy.set(modelId, (busy.get(modelId) ?? 0) + change);
  const isFree = (modelId: string): boolean => (busy.get(modelId) ?? 0) < Math.max(1, slots(modelId));

  const advance = (modelId: string): void => {
    while (isFree(modelId)) {
      const at = waiting.findIndex((one) => one.modelId === modelId);
      if (at === -1) return;
      count(modelId, 1);
      waiting.splice(at, 1)[0]!.go();
    }
  };

  return {
    async run(id, modelId, work) {
      if (isFree(modelId)) count(modelId, 1);
      else
        await new Promise<void>((go, reject) => {
          waiting.push({ id, modelId, go, leave: () => reject(new Fault('cancelled', 'Stopped before the engine was free')) });
        });
      try {
        return await work();
      } finally {
        count(modelId, -1);
        advance(modelId);
      }
    },
    advance,
    leave(id) {
      const at = waiting.findIndex((one) => one.id === id);
      if (at === -1) return false;
      waiting.splice(at, 1)[0]?.leave();
      return true;
    },
    close() {
      for (const one of waiting.splice(0)) one.leave();
    },
  };
}
