/** Parts of the page that come when they are first shown. */
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

/** A part could not be fetched: its file went with an update, or the server is gone. React never asks for it again. */
export class PartMissing extends Error {}

/** A component that `load` brings; while it throws `PartMissing`, only a page that is loaded again has it. */
export const lazyPart = <P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> =>
  lazy(() =>
    load().then(
      (part) => ({ default: part }),
      (cause: unknown) => {
        throw new PartMissing('A part of the page could not be fetched', { cause });
      },
    ),
  );
