/** All that a transport must be, and a pair joined in memory for tests. */
import type { Frame } from './frames.ts';

export interface Port {
  post(frame: Frame): void;
  /** Frames arrive as they came off the wire; the peer parses them. */
  listen(onFrame: (frame: unknown) => void, onClose: () => void): void;
  close(): void;
}

interface End {
  onFrame?: (frame: unknown) => void;
  onClose?: () => void;
}

/** Two ports that speak to each other, each frame cloned and delivered in a later microtask as a real transport would. */
export function portPair(): [Port, Port] {
  const left: End = {};
  const right: End = {};
  let open = true;
  const port = (mine: End, other: End): Port => ({
    post(frame) {
      const copy = structuredClone(frame);
      queueMicrotask(() => open && other.onFrame?.(copy));
    },
    listen(onFrame, onClose) {
      mine.onFrame = onFrame;
      mine.onClose = onClose;
    },
    close() {
      if (!open) return;
      open = false;
      for (const end of [mine, other]) end.onClose?.();
    },
  });
  return [port(left, right), port(right, left)];
}
