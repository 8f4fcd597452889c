/** A port over a DOM MessagePort: frames are cloned, bytes included. */
import type { Port } from '../../shared/rpc/port.ts';

/** The port that the desktop shell gave us. */
export function messagePort(port: MessagePort): Port {
  let onClose = (): void => {};
  return {
    post: (frame) => port.postMessage(frame),
    listen(onFrame, closed) {
      onClose = closed;
      port.onmessage = ({ data }) => onFrame(data);
      port.addEventListener('close', closed);
      port.start();
    },
    close() {
      port.close();
      onClose();
    },
  };
}
