/** The models that go, one after the other, and what came back of the memory of each. */
import type { Ejection } from '../../shared/schemas/engine.ts';
import { cameBack, look } from './footprint.ts';
import type { Session } from './session.ts';

export interface Ejections {
  /** Ends a session that nobody may ask any more, and lists it; with `freed` once that is known. */
  eject(session: Session, why?: Omit<Ejection, 'modelId' | 'freed'>): void;
  /** Ends one without a word, for what takes its place. */
  end(session: Session): void;
  list(): Ejection[];
  /** Lists none of those so far. */
  forget(): void;
  /** Settles when the processes before are gone, and their memory with them. */
  gone(): Promise<unknown>;
}

/** `freeVideo`: bytes, undefined where the driver does not tell. `onFreed` hears that more is known of one that is listed. */
export function createEjections(freeVideo: () => Promise<number | undefined>, onFreed: () => void): Ejections {
  let listed: Ejection[] = [];
  let gone: Promise<unknown> = Promise.resolve();

  return {
    eject(session, why = {}) {
      const ejection: Ejection = { modelId: session.order.modelId, ...why };
      listed = [...listed, ejection];
      const running = session.running();
      const ended = async (): Promise<void> => {
        const looked = running && (await look(running, freeVideo));
        await session.end();
        const freed = await cameBack(looked, freeVideo);
        if (!freed || !listed.includes(ejection)) return;
        listed = listed.map((each) => (each === ejection ? { ...ejection, freed } : each));
        onFreed();
      };
      // One after the other: what comes back is then this one's.
      gone = gone.then(ended);
    },
    end(session) {
      gone = Promise.all([gone, session.end()]);
    },
    list: () => listed,
    forget() {
      listed = [];
    },
    gone: () => gone,
  };
}
