/** One hardened window. */
import type { BrowserWindow, BrowserWindowConstructorOptions, NativeTheme } from 'electron';
import { appOrigin } from './protocol.ts';

/** The options of every window: no Node, sandboxed, isolated, nothing shown before there is something to see. */
export function windowOptions(preload: string, dark: boolean): BrowserWindowConstructorOptions {
  return {
    width: 1280,
    height: 800,
    minWidth: 640,
    minHeight: 480,
    show: false,
    title: 'Atelier',
    backgroundColor: dark ? '#16181c' : '#ffffff',
    webPreferences: { preload, sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true, webviewTag: false, spellcheck: false },
  };
}

/** Opens the window on the app's page and shows it once it has been painted. */
export function openWindow(
  Window: new (options: BrowserWindowConstructorOptions) => BrowserWindow,
  theme: Pick<NativeTheme, 'shouldUseDarkColors'>,
  preload: string,
): BrowserWindow {
  const window = new Window(windowOptions(preload, theme.shouldUseDarkColors));
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${appOrigin}/`);
  return window;
}
