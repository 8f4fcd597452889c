/** Every store, created with the one client, and the way a component gets at them. */
import { createContext, useContext } from 'react';
import type { Core } from '../../shared/contract/core.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import { createDraftsStore } from '../features/chat/drafts.ts';
import { createCardStore } from './card.ts';
import { createChatsStore } from './chats.ts';
import { createDownloadsStore } from './downloads.ts';
import { createEngineStore } from './engine.ts';
import { createHardwareStore } from './hardware.ts';
import { createHubStore } from './hub.ts';
import { createLibraryStore } from './library.ts';
import { createLimitsStore } from './limits.ts';
import { createModelStore } from './model.ts';
import { createPricesStore } from './prices.ts';
import { createSearchStore } from './search.ts';
import { createSettingsStore } from './settings.ts';
import { createTraitsStore } from './traits.ts';
import { createTurnStore } from './turn.ts';
import { createUiStore } from './ui.ts';

/** The stores of one page; they follow core from now on. */
export const createStores = (client: Client<Core>) => ({
  client,
  ui: createUiStore(),
  settings: createSettingsStore(client),
  hub: createHubStore(client),
  hardware: createHardwareStore(client),
  library: createLibraryStore(client),
  downloads: createDownloadsStore(client),
  engine: createEngineStore(client),
  chats: createChatsStore(client),
  turn: createTurnStore(client),
  drafts: createDraftsStore(client),
  search: createSearchStore(client),
  model: createModelStore(client),
  card: createCardStore(client),
  traits: createTraitsStore(client),
  /** Of the quantizations in Discover. */
  prices: createPricesStore(client),
  limits: createLimitsStore(client),
  /** Of the model in the load panel. */
  loadPrices: createPricesStore(client),
  /** Of the model that is being loaded. */
  stripPrices: createPricesStore(client),
});
export type Stores = ReturnType<typeof createStores>;

export const StoresContext = createContext<Stores | undefined>(undefined);

/** The page's stores; read one with zustand's `useStore`. */
export function useStores(): Stores {
  const stores = useContext(StoresContext);
  if (!stores) throw new Error('useStores needs a StoresContext above it');
  return stores;
}
