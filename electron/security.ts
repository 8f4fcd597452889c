/** What a page may not do: leave, open windows, ask for devices, or speak from another origin. */
import type { Session, WebContents, WebFrameMain } from 'electron';
import { appOrigin } from './protocol.ts';

/** The only permissions that are granted, each for a reason; everything not listed is denied. */
const granted = new Set([
  'clipboard-sanitized-write', // copy buttons
  'fullscreen', // looking at a picture
]);

/** Whether an address is our own page. */
export function isOurs(url: string | undefined): boolean {
  try {
    const { protocol, host } = new URL(url ?? '');
    return `${protocol}//${host}` === appOrigin;
  } catch {
    return false;
  }
}

/** Whether a message comes from the main frame of our own page. */
export function isTrusted(frame: Pick<WebFrameMain, 'url' | 'parent'> | null): boolean {
  return frame !== null && frame.parent === null && isOurs(frame.url);
}

/** An address that may be handed to the system's browser: https, without credentials. */
export function outsideUrl(url: string): string | undefined {
  try {
    const parsed = new URL(url);
    return parsed.protocol === 'https:' && !parsed.username && !parsed.password ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

/** Denies every permission but those above, both when asked and when checked. */
export function guardPermissions(session: Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler'>): void {
  session.setPermissionRequestHandler((contents, permission, answer) => answer(granted.has(permission) && isOurs(contents.getURL())));
  session.setPermissionCheckHandler((_, permission, origin) => granted.has(permission) && isOurs(origin));
}

/** Keeps a page where it is; links open outside. */
export function guardContents(contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>, openOutside: (url: string) => void): void {
  contents.setWindowOpenHandler(({ url }) => {
    const outside = outsideUrl(url);
    if (outside) openOutside(outside);
    return { action: 'deny' };
  });
  contents.on('will-navigate', (event) => {
    if (!isOurs(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
