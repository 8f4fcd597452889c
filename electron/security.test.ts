import { describe, expect, test } from 'vitest';
import { guardContents, guardPermissions, isTrusted, outsideUrl } from './security.ts';
import { windowOptions } from './window.ts';

const frame = (url: string, parent: unknown = null) => ({ url, parent }) as Parameters<typeof isTrusted>[0];

describe('who may speak to core', () => {
  test('only the main frame of our own page', () => {
    expect(isTrusted(frame('app://bundle/index.html#chat'))).toBe(true);
    expect(isTrusted(frame('app://bundle/', {}))).toBe(false);
    expect(isTrusted(null)).toBe(false);
  });

  test.each(['https://bundle/', 'app://bundle.evil/', 'app://evil/?app://bundle', 'app://bundle@evil/', 'file:///app://bundle', 'about:blank', ''])(
    'not %s',
    (url) => {
      expect(isTrusted(frame(url))).toBe(false);
    },
  );
});

describe('what leaves the app', () => {
  test('https links only, without credentials', () => {
    expect(outsideUrl('https://huggingface.co/google/gemma')).toBe('https://huggingface.co/google/gemma');
    for (const url of ['http://a.example/', 'file:///etc/passwd', 'javascript:alert(1)', 'https://me:secret@a.example/', 'smb://a', 'nonsense'])
      expect(outsideUrl(url)).toBeUndefined();
  });

  test('a window is never opened, navigation stays home, webviews are not attached', () => {
    const opened: string[] = [];
    const listeners = new Map<string, (event: { url?: string; preventDefault(): void }) => void>();
    let openHandler: (details: { url: string }) => unknown = () => undefined;
    guardContents(
      { setWindowOpenHandler: (handler: never) => (openHandler = handler), on: (name: string, listener: never) => listeners.set(name, listener) } as never,
      (url) => opened.push(url),
    );
    expect(openHandler({ url: 'https://a.example/x' })).toEqual({ action: 'deny' });
    expect(openHandler({ url: 'file:///etc/passwd' })).toEqual({ action: 'deny' });
    expect(opened).toEqual(['https://a.example/x']);
    const prevented = (name: string, url?: string): boolean => {
      let hit = false;
      listeners.get(name)!({ ...(url !== undefined && { url }), preventDefault: () => (hit = true) });
      return hit;
    };
    expect(prevented('will-navigate', 'https://a.example/')).toBe(true);
    expect(prevented('will-navigate', 'app://bundle/#models')).toBe(false);
    expect(prevented('will-attach-webview')).toBe(true);
  });

  test('permissions are denied unless listed, and to others always', () => {
    const handlers: Record<string, (...args: never[]) => unknown> = {};
    guardPermissions({
      setPermissionRequestHandler: (h: never) => (handlers.request = h),
      setPermissionCheckHandler: (h: never) => (handlers.check = h),
    } as never);
    const asked = (permission: string, url: string): boolean => {
      let answer = false;
      handlers.request!({ getURL: () => url } as never, permission as never, ((granted: boolean) => (answer = granted)) as never);
      return answer;
    };
    expect(asked('clipboard-sanitized-write', 'app://bundle/')).toBe(true);
    expect(asked('clipboard-sanitized-write', 'https://a.example/')).toBe(false);
    for (const permission of ['media', 'geolocation', 'notifications', 'openExternal', 'clipboard-read', 'usb'])
      expect(asked(permission, 'app://bundle/')).toBe(false);
    expect(handlers.check!(null as never, 'media' as never, 'app://bundle' as never)).toBe(false);
  });
});

test('a window has neither Node nor a way around the sandbox', () => {
  expect(windowOptions('/p/preload.cjs', true).webPreferences).toEqual({
    preload: '/p/preload.cjs',
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
    spellcheck: false,
  });
});
