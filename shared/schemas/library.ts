/** The models on disk: their files, where they come from, what was removed, and what the disk holds. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';
import { sampling } from './sampling.ts';

/** Whose folder a model lies in: our own, one that the person named, or another app's, which is only read. */
export const libraryApp = z.enum(['atelier', 'folder', 'lmstudio', 'ollama', 'huggingface', 'llamacpp', 'jan', 'unsloth']);
export type LibraryApp = z.infer<typeof libraryApp>;

export const otherApp = z.enum(['lmstudio', 'ollama', 'huggingface', 'llamacpp', 'jan', 'unsloth']);
export type OtherApp = z.infer<typeof otherApp>;

/** Where to look for models besides the models folder. */
export const libraryLists = z.object({
  /** Absolute paths of further folders, of any depth. */
  folders: z.array(z.string()),
  /** Absolute paths of single models that are used where they lie: their first shard. */
  files: z.array(z.string()),
  /** Apps whose models are not shown. */
  hidden: z.array(otherApp),
});
export type LibraryLists = z.infer<typeof libraryLists>;

export const libraryFile = z.object({
  /** With `/`: relative to the models folder for what lies in it, absolute for everything else. */
  path: z.string(),
  /** Bytes. */
  size: z.int(),
  /** Of its content, where it is known without reading it. */
  sha256: z.optional(z.string()),
});
export type LibraryFile = z.infer<typeof libraryFile>;

export const libraryModel = z.object({
  /** Path of its first file; of its manifest for Ollama. */
  id: z.string(),
  repo: z.string(),
  /** For people: the model's own name, else the repository's. */
  name: z.string(),
  label: z.string(),
  /** Shards in order. */
  files: z.array(libraryFile),
  projector: z.optional(libraryFile),
  /** Bytes, projector included. */
  size: z.int(),
  source: z.object({
    app: libraryApp,
    /** Absolute path of the app's folder, or of the one that the person named. */
    folder: z.string(),
    /** The person named this file alone: it lies where it lay, and leaves the list without being touched. */
    reference: z.boolean(),
  }),
  /** Where on the Hub it came from, when that was written down. */
  hub: z.optional(z.object({ repo: z.string(), commit: z.string(), path: z.string() })),
  architecture: z.string(),
  parameters: z.optional(z.number()),
  /** Tokens. */
  contextLength: z.int(),
  vision: z.boolean(),
  /** Its chat template takes pictures, but no projector is here. */
  lacksProjector: z.optional(z.boolean()),
  /** Thinking can be switched on and off by its chat template. */
  thinking: z.boolean(),
  /** How its makers recommend to draw its words. */
  sampling: z.optional(sampling),
  /** The same for models that divide text into the same tokens. */
  tokenizer: z.optional(z.string()),
  /** Layers that guess tokens ahead. */
  nextnLayers: z.optional(z.int()),
  /** The content's sha256 was compared with the Hub's. */
  verified: z.boolean(),
  /** Why it cannot be loaded, e.g. a missing shard; `missingDrive`: the folder it lay in is not there at the moment. */
  problem: z.optional(z.enum(['missingShard', 'notGguf', 'truncated', 'missingDrive'])),
  /** ISO 8601. */
  addedAt: z.string(),
});
export type LibraryModel = z.infer<typeof libraryModel>;

/** A folder that is looked through. */
export const libraryPlace = z.object({
  app: libraryApp,
  /** Absolute. */
  folder: z.string(),
  /** Whether its models are listed; always for our own. */
  shown: z.boolean(),
  /** The folder is there now. */
  there: z.boolean(),
  models: z.int(),
  /** Bytes. */
  size: z.int(),
});
export type LibraryPlace = z.infer<typeof libraryPlace>;

/** What a removal does, file by file. */
export const libraryRemoval = z.object({
  /** Moved to the bin; empty for a file that only leaves the list. */
  files: z.array(libraryFile),
  /** Belong to it, and stay because another model needs them. */
  stays: z.array(libraryFile),
});
export type LibraryRemoval = z.infer<typeof libraryRemoval>;

/** A removed model that can come back. */
export const binItem = z.object({
  id: z.string(),
  name: z.string(),
  label: z.string(),
  /** Bytes in the bin. */
  size: z.int(),
  /** ISO 8601. */
  removedAt: z.string(),
  /** ISO 8601: deleted for good at the first start after this. */
  until: z.string(),
  /** All that lay in the models folder before it was moved; `name` is where it lay. */
  moved: z.optional(z.boolean()),
});
export type BinItem = z.infer<typeof binItem>;

/** How an imported file comes in: used where it lies, as a second name of the same bytes, or as a copy. */
export const importMode = z.enum(['reference', 'link', 'copy']);
export type ImportMode = z.infer<typeof importMode>;

/** Something long that the library does. It leaves the list when it is done; what failed stays until it is dismissed. */
export const libraryTask = z.object({
  id: z.string(),
  kind: z.enum(['import', 'compare', 'link', 'renew', 'move']),
  /** The file that it works on, or the folder that it moves to. */
  name: z.string(),
  /** Bytes. */
  done: z.int(),
  total: z.int(),
  error: z.optional(appError),
});
export type LibraryTask = z.infer<typeof libraryTask>;

/** Files with the same content. */
export const duplicate = z.object({
  sha256: z.string(),
  /** Bytes of one of them. */
  size: z.int(),
  files: z.array(
    z.object({
      path: z.string(),
      /** The model it belongs to. */
      id: z.string(),
      name: z.string(),
      app: libraryApp,
    }),
  ),
  /** Bytes that making our own ones into one file would free; 0 where they lie on different drives or are not ours. */
  linkable: z.int(),
  /** Bytes that deleting all of ours but one frees; all of ours where another app has the file too. */
  deletable: z.int(),
});
export type Duplicate = z.infer<typeof duplicate>;

export const duplicates = z.object({
  groups: z.array(duplicate),
  /** Bytes of files of equal size whose content has not been compared yet. */
  unknown: z.int(),
});
export type Duplicates = z.infer<typeof duplicates>;

/** What the disk holds for one purpose. */
export const storageKind = z.enum(['models', 'partial', 'bin', 'states', 'headers', 'cache', 'chats', 'images', 'logs']);
export type StorageKind = z.infer<typeof storageKind>;

export const storage = z.object({
  kinds: z.array(
    z.object({
      kind: storageKind,
      /** Bytes. */
      size: z.int(),
      /** Bytes of it that can be freed without losing anything that cannot be made again, or that was not already removed. */
      reclaimable: z.int(),
    }),
  ),
  /** Bytes free on the drive of the models folder; null where the system does not tell. */
  free: z.nullable(z.number()),
});
export type Storage = z.infer<typeof storage>;

/** Why the models folder stays where it is. */
export const moveProblem = z.enum([
  // Of the folder that was named.
  ...(['notAbsolute', 'notFolder', 'same', 'inside', 'around', 'otherApp', 'notWritable', 'noRoom', 'collides'] as const),
  // Of what is going on.
  ...(['named', 'loaded', 'busy', 'notThere'] as const),
  // Of what was found on the way.
  ...(['changed', 'damaged', 'miscopied', 'failed'] as const),
]);
export type MoveProblem = z.infer<typeof moveProblem>;

/** What a move of the models folder would do. */
export const movePlan = z.object({
  /** Absolute. */
  from: z.string(),
  to: z.string(),
  files: z.int(),
  /** Bytes of them; several names of one file count once. */
  size: z.int(),
  /** Bytes of it that were removed and wait in the bin. */
  binned: z.int(),
  /** The files get new names; nothing is copied. */
  sameDrive: z.boolean(),
  /** Bytes free there; null where the system does not tell. */
  free: z.nullable(z.number()),
});
export type MovePlan = z.infer<typeof movePlan>;
