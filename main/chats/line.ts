/** One answer at a time: there is one engine, and answers of other chats wait in line for it. */
import { Fault } from '../../shared/result.ts';

interface Line {
  /** Does `work` when everyone before has gone. Rejects with `cancelled` when `id` left while it waited. */
  run<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Takes `id` out of the line; false when it is not waiting. */
  leave(id: string): boolean;
  /** Takes everyone out. */
  close(): void;
}

export function createLine(): Line {
  const waiting: { id: string; go: () => void; leave: () => void }[] = [];
  let busy = false;
  const next = (): void => {
    const first = waiting.shift();
    busy = first !== undefined;
    first?.go();
  };

  return {
    async run(id, work) {
      if (busy)
        await new Promise<void>((go, reject) => {
          waiting.push({ id, go, leave: () => reject(new Fault('cancelled', 'Stopped before the engine was free')) });
        });
      busy = true;
      try {
        return await work();
      } finally {
        next();
      }
    },
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
