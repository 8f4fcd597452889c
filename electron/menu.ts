/** The native menu: what the platform expects, no more; the app's own commands live in the page. */
import type { MenuItemConstructorOptions } from 'electron';

/** The template for one platform. Without a menu, copy and paste would not work on a Mac. */
export function menuTemplate(platform: NodeJS.Platform): MenuItemConstructorOptions[] {
  const view: MenuItemConstructorOptions = {
    role: 'viewMenu',
    submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' }],
  };
  return [...(platform === 'darwin' ? [{ role: 'appMenu' } as const] : []), { role: 'editMenu' }, view, { role: 'windowMenu' }];
}
