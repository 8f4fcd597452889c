/** A port over a DOM MessagePort, which the desktop shell posts into the page when it is asked for one. */
import type { Port } from '../../shared/rpc/port.ts';

/** What the desktop shell's preload offers; absent in a browser. */
export interface Shell {
  /** Asks for a port. It comes as a message of the window to itself whose data is `nonce`. */
  connect(nonce: string): void;
  /** Absolute path of a file that was dropped or chosen; empty where there is none. */
  pathForFile(file: File): string;
}

declare global {
  interface Window {
    atelier?: Shell;
  }
}

/** The next port from the shell; a message from elsewhere, or with another nonce, is not it. */
export function shellPort(page: Window, shell: Shell): Promise<MessagePort> {
  const nonce = crypto.randomUUID();
  return new Promise((resolve) => {
    const onMessage = (event: MessageEvent): void => {
      const port = event.ports[0];
      if (event.source !== page || event.data !== nonce || !port) return;
      page.removeEventListener('message', onMessage);
      resolve(port);
    };
    page.addEventListener('message', onMessage);
    shell.connect(nonce);
  });
}

/** Frames are cloned, bytes included. */
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
