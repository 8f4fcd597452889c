/** What a person has written and attached but not sent yet, by chat, for as long as the page lives. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { changed } from '../../../shared/answerChoice.ts';
import type { Core } from '../../../shared/contract/core.ts';
import type { Client } from '../../../shared/rpc/connect.ts';
import type { AnswerChange, AnswerSettings } from '../../../shared/schemas/answer.ts';
import type { ImagePart, Part } from '../../../shared/schemas/chat.ts';
import { draw } from './images/draw.ts';
import { type PictureNote, type PictureProblem, type PrepareTools, prepare } from './images/prepare.ts';

export interface Attachment {
  key: number;
  name: string;
  /** undefined while it is being prepared. */
  part: ImagePart | undefined;
  notes: PictureNote[];
}

export interface Draft {
  text: string;
  attachments: Attachment[];
  /** Files that could not be attached. */
  problems: PictureProblem[];
  /** Said for the chat that it begins. */
  settings?: AnswerSettings;
}

export interface DraftsState {
  drafts: Readonly<Record<string, Draft>>;
  write(id: string, text: string): void;
  /** Changes what is said for the chat that it begins. */
  change(id: string, change: AnswerChange): void;
  /** Prepares files one after another, in the order given. */
  attach(id: string, files: readonly File[]): Promise<void>;
  detach(id: string, key: number): void;
  /** Moves a picture by that many places, as far as there are places. */
  move(id: string, key: number, by: number): void;
  /** Takes the sentences about refused files away. */
  dismiss(id: string): void;
  /** Begins to edit what was sent. */
  begin(id: string, parts: readonly Part[]): void;
  clear(id: string): void;
}

export const noDraft: Draft = { text: '', attachments: [], problems: [] };
export const newChat = 'new';

/** Something to send, and nothing of it unfinished. */
export const isReady = (draft: Draft): boolean =>
  (draft.text.trim() !== '' || draft.attachments.length > 0) && draft.attachments.every((attachment) => attachment.part !== undefined);

/** The parts of a draft that is ready: pictures in their order, then the text. */
export function toParts({ text, attachments }: Draft): Part[] {
  const parts: Part[] = attachments.flatMap(({ part }) => part ?? []);
  if (text.trim() !== '') parts.push({ type: 'text', text: text.trim() });
  return parts;
}

/** The drafts of one page; pictures are stored by `client`. */
export function createDraftsStore(client: Client<Core>, tools: Pick<PrepareTools, 'draw'> = { draw }): StoreApi<DraftsState> {
  let made = 0;
  // One picture at a time: a large one takes hundreds of megabytes while it is drawn.
  let queue: Promise<void> = Promise.resolve();

  return createStore<DraftsState>((set, get) => {
    const change = (id: string, next: (draft: Draft) => Draft): void => set(({ drafts }) => ({ drafts: { ...drafts, [id]: next(drafts[id] ?? noDraft) } }));
    const without = (key: number) => (draft: Draft) => ({ ...draft, attachments: draft.attachments.filter((other) => other.key !== key) });

    const prepareOne = async (id: string, key: number, file: File): Promise<void> => {
      const isWanted = (): boolean => get().drafts[id]?.attachments.some((attachment) => attachment.key === key) ?? false;
      if (!isWanted()) return;
      const prepared = await prepare(file, { ...tools, put: (bytes) => client.call('blobs.put', { bytes }) });
      if (!isWanted()) return;
      change(id, (draft) => {
        if (!prepared.ok) return { ...without(key)(draft), problems: [...draft.problems, prepared.problem] };
        const { part, notes } = prepared;
        return { ...draft, attachments: draft.attachments.map((other) => (other.key === key ? { ...other, part, notes } : other)) };
      });
    };

    return {
      drafts: {},
      change: (id, said) => change(id, (draft) => ({ ...draft, settings: changed(draft.settings ?? {}, said) })),
      write: (id, text) => change(id, (draft) => ({ ...draft, text })),
      attach(id, files) {
        const added = files.map((file) => ({ key: ++made, name: file.name, part: undefined, notes: [] }));
        change(id, (draft) => ({ ...draft, problems: [], attachments: [...draft.attachments, ...added] }));
        for (const [i, file] of files.entries()) queue = queue.then(() => prepareOne(id, added[i]!.key, file));
        return queue;
      },
      detach: (id, key) => change(id, without(key)),
      move: (id, key, by) =>
        change(id, (draft) => {
          const attachments = [...draft.attachments];
          const from = attachments.findIndex((attachment) => attachment.key === key);
          const to = Math.max(0, Math.min(attachments.length - 1, from + by));
          if (from >= 0) attachments.splice(to, 0, ...attachments.splice(from, 1));
          return { ...draft, attachments };
        }),
      dismiss: (id) => change(id, (draft) => ({ ...draft, problems: [] })),
      begin(id, parts) {
        const text = parts.flatMap((part) => (part.type === 'text' ? part.text : [])).join('\n\n');
        const attachments = parts.flatMap((part) => (part.type === 'image' ? { key: ++made, name: part.name, part, notes: [] } : []));
        change(id, () => ({ text, attachments, problems: [] }));
      },
      clear: (id) =>
        set(({ drafts }) => {
          const { [id]: _, ...rest } = drafts;
          return { drafts: rest };
        }),
    };
  });
}
