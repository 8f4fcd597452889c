/** Where the person is in the app, mirrored in the address's hash so that a reload comes back to it. */
import { createStore } from 'zustand/vanilla';
import type { SearchSort } from '../../shared/schemas/hub.ts';
import { type Filters, noFilters } from './filters.ts';

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
  /** What Discover shows, and in which order. */
  filters: Filters;
  sort: SearchSort;
  /** Goes to a view; `replace` leaves no entry to go back to. */
  go(view: View, id?: string, replace?: boolean): void;
  setPalette(open: boolean): void;
  setSidebar(open: boolean): void;
  openLoadPanel(modelId: string | undefined): void;
  filter(change: Partial<Filters>): void;
  setSort(sort: SearchSort): void;
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

/** The parts of a Discover place: `owner/name` or `owner/name:Q4_K_M`. */
export function parsePlace(id: string | undefined): { repo: string | undefined; label: string | undefined } {
  const [repo, label] = id?.split(':') ?? [];
  return { repo, label: label || undefined };
}

/** Whether something lies over the view and has the focus. */
export const isCovered = ({ palette, sidebar, loadPanel }: UiState): boolean => palette || sidebar || loadPanel !== undefined;

/** The ui store, joined to `page`'s address. */
export const createUiStore = (page: Window = window) =>
  createStore<UiState>((set, get) => {
    page.addEventListener('hashchange', () => set({ ...parseHash(page.location.hash), sidebar: false }));
    return {
      ...parseHash(page.location.hash),
      palette: false,
      sidebar: false,
      loadPanel: undefined,
      filters: noFilters,
      sort: 'trending',
      go(view, id, replace = false) {
        if (get().view !== view || get().id !== id) {
          page.history[replace ? 'replaceState' : 'pushState'](null, '', toHash(view, id));
        }
        set({ view, id, sidebar: false, palette: false });
      },
      setPalette: (palette) => set({ palette }),
      setSidebar: (sidebar) => set({ sidebar }),
      openLoadPanel: (loadPanel) => set({ loadPanel }),
      filter: (change) => set((state) => ({ filters: { ...state.filters, ...change } })),
      setSort: (sort) => set({ sort }),
    };
  });
