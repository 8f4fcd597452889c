/** Where the person is in the app, mirrored in the address's hash so that a reload comes back to it. */
import { createStore } from 'zustand/vanilla';

const views = ['chat', 'discover', 'models', 'downloads', 'settings'] as const;
export type View = (typeof views)[number];

export interface UiState {
  view: View;
  /** The chat or repository that the view shows; undefined: a new chat, no model chosen. */
  id: string | undefined;
  palette: boolean;
  /** The sidebar lies over the view, where the window is narrow. */
  sidebar: boolean;
  /** Library id of the model whose load panel is open. */
  loadPanel: string | undefined;
  /** Goes to a view; `replace` leaves no entry to go back to. */
  go(view: View, id?: string, replace?: boolean): void;
  setPalette(open: boolean): void;
  setSidebar(open: boolean): void;
  openLoadPanel(modelId: string | undefined): void;
}

/** Reads `#/view/id`. */
export function parseHash(hash: string): { view: View; id: string | undefined } {
  const [, name, ...rest] = hash.split('/');
  const view = views.find((known) => known === name) ?? 'chat';
  try {
    return { view, id: rest.length > 0 ? decodeURIComponent(rest.join('/')) : undefined };
  } catch {
    return { view, id: undefined };
  }
}

/** The hash of a place. */
export const toHash = (view: View, id: string | undefined): string => `#/${view}${id === undefined ? '' : `/${encodeURIComponent(id)}`}`;

/** The ui store, joined to `page`'s address. */
export const createUiStore = (page: Window = window) =>
  createStore<UiState>((set, get) => {
    page.addEventListener('hashchange', () => set({ ...parseHash(page.location.hash), sidebar: false }));
    return {
      ...parseHash(page.location.hash),
      palette: false,
      sidebar: false,
      loadPanel: undefined,
      go(view, id, replace = false) {
        if (get().view !== view || get().id !== id) {
          page.history[replace ? 'replaceState' : 'pushState'](null, '', toHash(view, id));
        }
        set({ view, id, sidebar: false, palette: false });
      },
      setPalette: (palette) => set({ palette }),
      setSidebar: (sidebar) => set({ sidebar }),
      openLoadPanel: (loadPanel) => set({ loadPanel }),
    };
  });
