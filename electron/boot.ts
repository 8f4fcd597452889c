/** After ready: core, protocol, window and menu, and a clean end. */
import path from 'node:path';
import { app, BrowserWindow, ipcMain, Menu, MessageChannelMain, nativeTheme, protocol, safeStorage, session, shell, utilityProcess } from 'electron';
import { createCore } from '../main/core.ts';
import { defaultFolders } from '../main/folders.ts';
import { core as contract } from '../shared/contract/core.ts';
import { serve } from '../shared/rpc/serve.ts';
import { menuTemplate } from './menu.ts';
import { createDesktopPlatform } from './platform.ts';
import { givePorts } from './ports.ts';
import { serveApp } from './protocol.ts';
import { openDesktopSecrets } from './secrets.ts';
import { guardContents, guardPermissions } from './security.ts';
import { openWindow } from './window.ts';

/** Opens the app. Rejects where core cannot start; the caller ends the process. */
export async function boot(): Promise<void> {
  const root = app.getAppPath();
  const platform = createDesktopPlatform({
    root,
    app,
    utilityProcess,
    secrets: await openDesktopSecrets(path.join(defaultFolders().data, 'secrets.json'), safeStorage),
    resolveProxy: (url) => session.defaultSession.resolveProxy(url),
  });
  const core = await createCore(platform);
  if (process.argv.includes('--sample')) await core.handlers['hub.useSample']({ sample: true }, { signal: new AbortController().signal });

  guardPermissions(session.defaultSession);
  app.on('web-contents-created', (_, contents) => guardContents(contents, (url) => void shell.openExternal(url)));
  protocol.handle('app', serveApp({ files: path.join(root, 'dist/renderer'), find: core.blobs.find }));
  givePorts(
    ipcMain,
    () => new MessageChannelMain(),
    (port) => serve(contract, core.handlers, port, (error, method) => core.log.error('A request failed', { method, error })),
  );
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform)));

  const open = (): BrowserWindow => openWindow(BrowserWindow, nativeTheme, path.join(root, 'dist/electron/preload.cjs'));
  let window = open();
  app.on('second-instance', () => {
    if (window.isDestroyed()) window = open();
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  app.on('activate', () => {
    if (window.isDestroyed()) window = open();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });

  let closed = false;
  app.on('before-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    void core.close().finally(() => {
      closed = true;
      app.quit();
    });
  });
}
