/** The signed link of a file, which all connections of a transfer share: one of them asks for it, the others wait. */
import { Fault } from '../../shared/result.ts';
import type { ResolvedFile } from '../hub/client.ts';
import type { PartOf } from './journal.ts';

export interface Link {
  /** The link in force; asks the Hub where there is none, or where it soon ends. Errors: download.changed, hub.*. */
  current(): Promise<ResolvedFile>;
  /** The CDN refused this link: the next question gets another one. Errors: hub.linkRefused when the one before it was refused too. */
  refuse(link: ResolvedFile): void;
  /** The CDN gives bytes for it. */
  works(): void;
}

/** Fresh links may be refused this many times in a row. */
const refusals = 1;
/** A link with less than this left is not used for another request (protocol 3.2), in milliseconds. */
const aheadMs = 60_000;

/** The link of `file`, as `resolve` tells it. What it leads to never changes while it is in use. `now`: in milliseconds since 1970. */
export function createLink(file: PartOf, resolve: () => Promise<ResolvedFile>, now = Date.now): Link {
  let asked: Promise<ResolvedFile> | undefined;
  let inForce: ResolvedFile | undefined;
  /** When the link in force is renewed although nobody has refused it. */
  let dueAt = Number.POSITIVE_INFINITY;
  let sha256 = file.sha256;
  let refused = 0;
  const ask = async (): Promise<ResolvedFile> => {
    const link = await resolve();
    if (link.size !== file.size || (sha256 && link.sha256 && link.sha256 !== sha256))
      throw new Fault('download.changed', 'This file was replaced on the Hub.', { file: file.path });
    sha256 ??= link.sha256;
    inForce = link;
    // Its end is told by the Hub's clock: where ours says that a new link is at its end already, only the answers count.
    dueAt = link.expiresAt !== undefined && link.expiresAt - aheadMs > now() ? link.expiresAt - aheadMs : Number.POSITIVE_INFINITY;
    return link;
  };
  const forget = (): void => {
    inForce = undefined;
    asked = undefined;
    dueAt = Number.POSITIVE_INFINITY;
  };
  return {
    current() {
      if (now() >= dueAt) forget();
      asked ??= ask().catch((error: unknown) => {
        asked = undefined;
        throw error;
      });
      return asked;
    },
    refuse(link) {
      // Only the first of the connections that are refused with the same link has news.
      if (link !== inForce) return;
      forget();
      if (++refused > refusals) throw new Fault('hub.linkRefused', 'The download server keeps refusing its own link.');
    },
    works() {
      refused = 0;
    },
  };
}
