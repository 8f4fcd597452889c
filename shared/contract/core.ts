/** Every call and stream that core offers to a renderer. */
import * as z from 'zod/mini';
import { call, stream } from '../rpc/define.ts';
import { answerChange, answerSettings } from '../schemas/answer.ts';
import { chat, chatSummary, part, turnEvent, turnPosition } from '../schemas/chat.ts';
import { downloadJob } from '../schemas/download.ts';
import { engineState } from '../schemas/engine.ts';
import { card, hardware, videoProgram } from '../schemas/hardware.ts';
import { hubStatus, modelDetail, modelTraits, searchPage, searchQuestion } from '../schemas/hub.ts';
import {
  binItem,
  duplicates,
  importMode,
  libraryModel,
  libraryPlace,
  libraryRemoval,
  libraryTask,
  movePlan,
  otherApp,
  storage,
  storageKind,
} from '../schemas/library.ts';
import { contextLimits, estimate, loadSettings } from '../schemas/memory.ts';
import { networkQuestion, networkStatus, networkTest } from '../schemas/network.ts';
import { selfTestReport } from '../schemas/selfTest.ts';
import { settings, settingsChange } from '../schemas/settings.ts';
import { ledger } from './control.ts';

const nothing = z.optional(z.undefined());
const id = z.string().check(z.minLength(1), z.maxLength(1024));
const byId = z.object({ id });
const repo = z.string().check(z.regex(/^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/));
/** Absolute, as this system writes it. */
const path = z.string().check(z.minLength(1), z.maxLength(4096));
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const commit = z.string().check(z.regex(/^[0-9a-f]{40}$/));

/** A quantization on the Hub, or a model that is already on disk. */
export const memorySource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hub'), repo, commit, quantization: id }),
  z.object({ kind: z.literal('library'), id }),
]);
export type MemorySource = z.infer<typeof memorySource>;

/** 64 MiB: what one picture may weigh. */
export const blobLimit = 64 * 2 ** 20;

export const core = {
  'app.info': call(nothing, z.object({ version: z.string(), shell: z.enum(['headless', 'desktop']), dataFolder: z.string(), modelsFolder: z.string() })),

  'settings.watch': stream(nothing, settings),
  'settings.change': call(settingsChange, settings),

  'network.status': call(nothing, networkStatus),
  /** Keeps the token of the Hub in use where no page can read it; null forgets it. */
  'network.setToken': call(z.object({ token: z.nullable(z.string().check(z.trim(), z.minLength(1), z.maxLength(1000), z.regex(/^[\x21-\x7e]+$/))) }), z.void()),
  'network.setProxyPassword': call(z.object({ password: z.nullable(z.string().check(z.minLength(1), z.maxLength(1000))) }), z.void()),
  /** Tries what the settings say, with one small question to the Hub. */
  'network.test': call(z.object({ what: networkQuestion }), networkTest),

  'hub.status': stream(nothing, hubStatus),
  /** Starts the built-in sample hub and uses it until the app closes; false goes back. */
  'hub.useSample': call(z.object({ sample: z.boolean() }), hubStatus),
  /** First the page that was kept from before, then the fresh one, or the kept one again with why there is no fresh one. */
  'hub.search': stream(searchQuestion, searchPage),
  'hub.model': call(z.object({ repo }), modelDetail),
  'hub.traits': call(z.object({ repo }), modelTraits),
  'hub.card': call(z.object({ repo, commit }), z.object({ markdown: z.string() })),

  'hardware.get': call(nothing, hardware),
  /** The cards that a model may use together, with their free memory now; the first question takes a second or two where there are several. */
  'hardware.cards': call(nothing, z.array(card)),
  /** Who else uses the video memory, most first; empty where the platform does not tell. */
  'hardware.programs': call(nothing, z.array(videoProgram)),
  /** Cancelled by a newer question: the last one wins. */
  'memory.estimate': call(z.object({ source: memorySource, settings: loadSettings }), estimate),
  'memory.limits': call(z.object({ source: memorySource, settings: loadSettings }), contextLimits),

  'downloads.watch': stream(nothing, z.array(downloadJob)),
  'downloads.start': call(z.object({ repo, commit, quantization: id }), downloadJob),
  'downloads.pause': call(byId, z.void()),
  /** `here`: from the hub in use, although the job came from another one. */
  'downloads.resume': call(z.object({ id, here: z.optional(z.boolean()) }), z.void()),
  'downloads.pauseAll': call(nothing, z.void()),
  'downloads.resumeAll': call(nothing, z.void()),
  /** Puts a job before another one of the list, or at its end. */
  'downloads.move': call(z.object({ id, before: z.nullable(id) }), z.void()),
  /** Takes what the repository has now in place of a job whose files were replaced there. */
  'downloads.renew': call(byId, downloadJob),
  /** Ends the job and removes what had arrived. */
  'downloads.cancel': call(byId, z.void()),
  /** Takes a finished job off the list; its model stays. */
  'downloads.dismiss': call(byId, z.void()),

  'library.watch': stream(nothing, z.array(libraryModel)),
  /** Looks at all folders again. */
  'library.refresh': call(nothing, z.void()),
  /** What `library.remove` would do, file by file. */
  'library.removal': call(byId, libraryRemoval),
  /** Moves the model's files to the bin inside its folder, and `library.restore` undoes it; or deletes them for good. */
  'library.remove': call(z.object({ id, forGood: z.optional(z.boolean()) }), z.void()),
  /** The one that was removed at that time, else the last of that name. */
  'library.restore': call(z.object({ id, removedAt: z.optional(z.string()) }), z.void()),
  'library.bin': stream(nothing, z.array(binItem)),
  /** Deletes one removed model, or all, for good. */
  'library.emptyBin': call(z.object({ id: z.optional(id), removedAt: z.optional(z.string()) }), z.void()),
  'library.places': stream(nothing, z.array(libraryPlace)),
  'library.addFolder': call(z.object({ folder: path }), z.void()),
  /** Looks there no more; nothing in it is touched. */
  'library.forgetFolder': call(z.object({ folder: path }), z.void()),
  'library.showApp': call(z.object({ app: otherApp, shown: z.boolean() }), z.void()),
  /** Answers when it is done, with the id of the model; without one for a folder, which is looked through from now on. */
  'library.import': call(z.object({ path, mode: importMode }), z.object({ id: z.optional(z.string()) })),
  'library.tasks': stream(nothing, z.array(libraryTask)),
  /** Cancels a task, or takes one that failed off the list. */
  'library.endTask': call(byId, z.void()),
  'library.duplicates': stream(nothing, duplicates),
  /** Reads the files that are as large as others, to tell which are the same. */
  'library.compare': call(nothing, z.void()),
  /** Makes our own files of this content into one file with several names. */
  'library.link': call(z.object({ sha256 }), z.void()),
  /** Bytes of the new header where the Hub's version of this model has the same tensors; null where it has not, or is the same. */
  'library.renewal': call(byId, z.object({ bytes: z.nullable(z.int()) })),
  /** Puts the new header before the data that is here, if that makes what the Hub names; answers when it is done. */
  'library.renew': call(byId, z.void()),
  /** Puts the header back that `library.renew` replaced; answers when it is done. */
  'library.undoRenewal': call(byId, z.void()),
  /** What moving the models folder to this one would do. */
  'library.movePlan': call(z.object({ folder: path }), movePlan),
  /** Settles when the models folder is there. */
  'library.move': call(z.object({ folder: path }), z.void()),
  'library.storage': call(nothing, storage),
  /** Frees what `library.storage` calls reclaimable. */
  'library.reclaim': call(z.object({ kind: storageKind }), z.void()),

  'engine.watch': stream(nothing, engineState),
  /**
   * Answers when the load has begun; `engine.watch` tells how it goes. A model that is loaded so already, or at all
   * where no settings are asked for, is chosen to answer and stays.
   * Others stay where there is room; those used longest ago go first. `afresh`: as asked, whatever smaller plan worked the last time.
   */
  'engine.load': call(z.object({ id, settings: z.optional(loadSettings), afresh: z.optional(z.boolean()) }), z.void()),
  /** Ejects a model; without `id` the one that answers the next message. */
  'engine.unload': call(z.object({ id: z.optional(id) }), z.void()),
  /** Every backend of this machine runs the built-in tiny model; ends with its stream. The loaded model stays. */
  'engine.selfTest': stream(nothing, selfTestReport),

  'chats.watch': stream(nothing, z.array(chatSummary)),
  'chats.search': call(z.object({ query: z.string().check(z.maxLength(200)) }), z.array(chatSummary)),
  'chats.rename': call(z.object({ id, title: z.string().check(z.minLength(1), z.maxLength(200)) }), z.void()),
  'chats.delete': call(byId, z.void()),
  'chats.restore': call(byId, z.void()),

  /** The chat's turns, again whenever one is added, ends, is chosen or deleted; not for every token. */
  'chat.watch': stream(byId, chat),
  /** Changes what is said for this chat alone: how the next answers in it are given. */
  'chat.settings': call(z.object({ chatId: id, ...answerChange.shape }), z.void()),
  /**
   * Adds the person's turn and starts the answer; without `chatId` in a new chat, which `settings` are then said for. `thinking`, here
   * and below: of this answer, whatever is said for the chat.
   */
  'chat.send': call(
    z.object({
      chatId: z.optional(id),
      parts: z.array(part).check(z.minLength(1), z.maxLength(64)),
      thinking: z.optional(z.boolean()),
      settings: z.optional(answerSettings),
    }),
    z.object({ chatId: z.string(), turnId: z.string() }),
  ),
  /** Answers the same question again, beside the old answer. */
  'chat.retry': call(z.object({ turnId: id, thinking: z.optional(z.boolean()) }), z.object({ turnId: z.string() })),
  /** Sends a changed question, beside the old one. */
  'chat.edit': call(
    z.object({ turnId: id, parts: z.array(part).check(z.minLength(1), z.maxLength(64)), thinking: z.optional(z.boolean()) }),
    z.object({ turnId: z.string() }),
  ),
  /** Shows another alternative. */
  'chat.choose': call(z.object({ turnId: id }), z.void()),
  'chat.deleteTurn': call(z.object({ turnId: id }), z.void()),
  'chat.restoreTurn': call(z.object({ turnId: id }), z.void()),
  'chat.stop': call(z.object({ turnId: id }), z.void()),

  /** What fills the context when the next question is asked. Throws `engine.notLoaded`, and `turn.running` while this chat is answered. */
  'chat.ledger': call(z.object({ chatId: id }), ledger),

  'turn.watch': stream(z.object({ turnId: id, from: turnPosition }), turnEvent),

  /** Stores bytes once, by their sha256. Served back at `blobs/<sha256>`. */
  'blobs.put': call(z.object({ bytes: z.instanceof(Uint8Array<ArrayBuffer>) }), z.object({ sha256: z.string() })),
};
export type Core = typeof core;
