/** The person's settings with their defaults. */
import * as z from 'zod/mini';
import { answerSettings, overflow, preset, systemPrompt } from './answer.ts';
import { libraryLists } from './library.ts';
import { defaultLoadSettings, loadSettings } from './memory.ts';
import { sampling } from './sampling.ts';

/** Minutes after midnight, local time. */
const minute = z.int().check(z.minimum(0), z.maximum(24 * 60 - 1));

export const downloadSettings = z.object({
  /** Downloads that run at the same time. */
  atOnce: z._default(z.int().check(z.minimum(1), z.maximum(4)), 2),
  /** Of all downloads together; 0: no limit. */
  bytesPerSecond: z._default(z.int().check(z.nonnegative()), 0),
  /** Downloads run from `from` to `to` only; over midnight where `to` comes first, the whole day where they are the same. */
  schedule: z._default(z.object({ on: z.boolean(), from: minute, to: minute }), { on: false, from: 23 * 60, to: 7 * 60 }),
});
export type DownloadSettings = z.infer<typeof downloadSettings>;
export const defaultDownloadSettings: DownloadSettings = downloadSettings.parse({});

const maxAddress = 500;
/** An address without a password in it, as settings are no place for one; empty: none. */
const address = (protocols: string[]) =>
  z.string().check(
    z.maxLength(maxAddress),
    z.refine((text) => {
      if (text === '') return true;
      const url = URL.canParse(text) ? new URL(text) : undefined;
      return url !== undefined && protocols.includes(url.protocol) && url.hostname !== '' && url.password === '' && url.search === '' && url.hash === '';
    }),
  );

export const networkSettings = z.object({
  /** `system`: as the environment or the desktop says. */
  proxy: z._default(z.enum(['system', 'manual', 'none']), 'system'),
  /** `http://user@host:port`; its password is a secret, not a setting. */
  proxyAddress: z._default(address(['http:', 'https:']), ''),
  /** A mirror of the Hub, which may lie under a path; empty: HF_ENDPOINT, else Hugging Face. */
  endpoint: z._default(address(['http:', 'https:']), ''),
  /** Absolute path of a PEM file with certificates to trust besides the usual ones; empty: none. */
  caFile: z._default(z.string().check(z.maxLength(4096)), ''),
});
export type NetworkSettings = z.infer<typeof networkSettings>;
export const defaultNetworkSettings: NetworkSettings = networkSettings.parse({});

const fields = {
  language: z.enum(['system', 'en', 'fr']),
  theme: z.enum(['system', 'light', 'dark']),
  /** For every load that says nothing else. */
  load: loadSettings,
  /** What is kept for single models, by library id: of `load`, that which is different for them. */
  modelLoads: z.record(z.string(), z.partial(loadSettings)),
  /** Minutes without an answer after which the model is ejected; 0: never. */
  ejectAfterMinutes: z.int().check(z.minimum(0), z.maximum(7 * 24 * 60)),
  /** Let a model think where its template can be switched. */
  thinking: z.boolean(),
  systemPrompt,
  overflow,
  /** Where nothing nearer says how words are drawn; what is absent is as the model recommends. */
  sampling,
  /** What is kept for single models, by library id. */
  modelAnswers: z.record(z.string(), answerSettings),
  /** The person's own. */
  presets: z.array(preset).check(z.maxLength(200)),
  /** Of the disk, for what models have read of chats, so that they need not read it again; 0: none. */
  stateCacheBytes: z.int().check(z.nonnegative()),
  downloads: downloadSettings,
  network: networkSettings,
  /** Where to look for models besides the models folder. */
  library: libraryLists,
};

export const settings = z.object({
  language: z._default(fields.language, 'system'),
  theme: z._default(fields.theme, 'system'),
  load: z._default(fields.load, defaultLoadSettings),
  modelLoads: z._default(fields.modelLoads, {}),
  ejectAfterMinutes: z._default(fields.ejectAfterMinutes, 30),
  thinking: z._default(fields.thinking, false),
  systemPrompt: z._default(fields.systemPrompt, ''),
  overflow: z._default(fields.overflow, 'stop'),
  sampling: z._default(fields.sampling, {}),
  modelAnswers: z._default(fields.modelAnswers, {}),
  presets: z._default(fields.presets, []),
  stateCacheBytes: z._default(fields.stateCacheBytes, 4 * 2 ** 30),
  downloads: z._default(fields.downloads, defaultDownloadSettings),
  network: z._default(fields.network, defaultNetworkSettings),
  library: z._default(fields.library, { folders: [], files: [], hidden: [] }),
});
export type Settings = z.infer<typeof settings>;

/** What a change names and no more: partial fields with defaults would bring every default along and reset the rest. */
export const settingsChange = z.partial(z.object(fields));
export type SettingsChange = z.infer<typeof settingsChange>;

export const defaultSettings: Settings = settings.parse({});
