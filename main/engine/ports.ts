/** The control contract's port over whatever channel joins core and an engine process. */
import type { ChildProcess } from 'node:child_process';
import type { Port } from '../../shared/rpc/port.ts';

/** Electron's `process.parentPort`, as far as it is used; its types are not needed here. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

/** Core's end of a forked engine. */
export function childPort(child: ChildProcess): Port {
  return {
    post(frame) {
      // A child that has just gone refuses messages; its exit is what counts.
      if (child.connected) child.send(frame, () => {});
    },
    listen(onFrame, onClose) {
      child.on('message', onFrame);
      child.once('disconnect', onClose);
    },
    close() {
      if (child.connected) child.disconnect();
    },
  };
}

/** The engine's end: of Electron's utility process, or of a fork. Undefined in a process that nobody forked. */
export function parentPort(): Port | undefined {
  const electron = (process as unknown as { parentPort?: ParentPort }).parentPort;
  if (electron)
    return {
      post: (frame) => electron.postMessage(frame),
      listen: (onFrame) => electron.on('message', ({ data }) => onFrame(data)),
      close: () => process.exit(),
    };
  if (!process.send) return undefined;
  return {
    post(frame) {
      if (process.connected) process.send!(frame, undefined, undefined, () => {});
    },
    listen(onFrame, onClose) {
      process.on('message', onFrame);
      process.once('disconnect', onClose);
    },
    close: () => process.disconnect(),
  };
}
