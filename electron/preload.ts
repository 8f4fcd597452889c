/** The whole page API: ask for a port to core, and for the place of a file that the person dropped or chose. A port cannot cross the context bridge, so it is posted into the page. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { portChannel } from './channel.ts';

ipcRenderer.on(portChannel, (event, nonce: string) => window.postMessage(nonce, location.origin, event.ports));

contextBridge.exposeInMainWorld('atelier', {
  connect(nonce: string): void {
    if (typeof nonce === 'string' && nonce.length <= 64) ipcRenderer.send(portChannel, nonce);
  },
  pathForFile: (file: File): string => (file instanceof File ? webUtils.getPathForFile(file) : ''),
});
