/** What was typed on the command line, understood or refused. */
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ImportMode, importMode } from '../../shared/schemas/library.ts';
import { defaultLoadSettings, kvType, type LoadSettings, loadSettings } from '../../shared/schemas/memory.ts';
import { repoOf } from '../hub/search.ts';

/** A model on the Hub (`quantization`: a label or a path in it), or a file on this computer. */
export type Target = { kind: 'hub'; repo: string; quantization?: string } | { kind: 'file'; path: string };

export type Command =
  | { name: 'help' }
  | { name: 'search'; query: string; json: boolean }
  | { name: 'show'; repo: string; json: boolean }
  | { name: 'estimate'; target: Target; settings: LoadSettings; json: boolean }
  | { name: 'pull'; target: Extract<Target, { kind: 'hub' }>; json: boolean }
  | { name: 'ls'; json: boolean }
  | { name: 'rm'; model: string; forGood: boolean; json: boolean }
  | { name: 'import'; file: string; mode: ImportMode; json: boolean }
  | { name: 'verify'; model: string | undefined; json: boolean };

/** Nobody can know what was meant. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export const usage = `Usage:
  atelier search <text> [--json]             finds models on the hub
  atelier show <repo> [--json]               a model and its quantizations
  atelier estimate <repo[:quant] | file>     what a model takes on this computer
      --context N                            tokens, 16384 unless told otherwise; 16k is 16384
      --kv f16|q8_0|q4_0                     type of the KV cache
      --gpu-layers N|all|auto                layers on the GPU; auto: as many as fit
      --vision on|off                        with the projector, where there is one
      --image-tokens N                       what one picture costs at most, 1024 unless told otherwise
  atelier pull <repo[:quant]> [--json]       downloads a model, or goes on with it
  atelier ls [--json]                        the models on this computer, other apps' too
  atelier rm <model> [--json]                moves a model to the bin; the app can bring it back
      --for-good                             deletes it at once, for a disk that is full
  atelier import <file | folder> [--json]    takes a model into the library
      --mode reference|link|copy             where it lies (unless told otherwise), by a second name, as a copy
  atelier verify [model] [--json]            reads the files again and compares them
      --json                                 for programs; see docs/cli.md

<model> is an id of "atelier ls", or repo:quant. <repo> is owner/name or an address on the hub. Without a quantization the best one for this computer is taken.
HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are those of the app.`;

const options = {
  search: { json: { type: 'boolean' } },
  show: { json: { type: 'boolean' } },
  estimate: {
    json: { type: 'boolean' },
    context: { type: 'string' },
    kv: { type: 'string' },
    'gpu-layers': { type: 'string' },
    vision: { type: 'string' },
    'image-tokens': { type: 'string' },
  },
  pull: { json: { type: 'boolean' } },
  ls: { json: { type: 'boolean' } },
  rm: { json: { type: 'boolean' }, 'for-good': { type: 'boolean' } },
  import: { json: { type: 'boolean' }, mode: { type: 'string' } },
  verify: { json: { type: 'boolean' } },
} as const;

type Name = keyof typeof options;
const isName = (name: string): name is Name => Object.hasOwn(options, name);
/** What a command takes one of. */
const takes: Record<Name, string> = {
  ...{ search: 'text', show: 'repository', estimate: 'model', pull: 'repository', ls: 'nothing', rm: 'model', import: 'file', verify: 'model' },
};

/** Throws `UsageError` with a sentence for people. */
export function parseCommand([name, ...rest]: readonly string[]): Command {
  if (name === undefined) throw new UsageError('Say what to do.');
  if (name === 'help' || name === '--help' || name === '-h' || rest.includes('--help') || rest.includes('-h')) return { name: 'help' };
  if (!isName(name)) throw new UsageError(`There is no command "${name}".`);
  const { values, positionals } = parsed(name, rest);
  const [first] = positionals;
  const json = values.json === true;
  if (name === 'search') return { name, query: positionals.join(' '), json };
  if (name === 'ls') {
    if (first !== undefined) throw new UsageError('"ls" takes nothing.');
    return { name, json };
  }
  if (name === 'verify' && first === undefined) return { name, model: undefined, json };
  if (first === undefined || positionals.length > 1) throw new UsageError(`"${name}" takes exactly one ${takes[name]}.`);
  if (name === 'rm') return { name, model: first, forGood: values['for-good'] === true, json };
  if (name === 'verify') return { name, model: first, json };
  if (name === 'import') return { name, file: first, mode: modeOf(values.mode), json };
  const target = targetOf(first);
  if (name === 'estimate') return { name, target, settings: settingsOf(values), json };
  if (target.kind === 'file') throw new UsageError(`"${first}" is not a repository: owner/name.`);
  return name === 'pull' ? { name, target, json } : { name, repo: target.repo, json };
}

function modeOf(text: unknown): ImportMode {
  const mode = importMode.safeParse(text ?? 'reference');
  if (!mode.success) throw new UsageError(`--mode is reference, link or copy, not "${text}".`);
  return mode.data;
}

function parsed(name: Name, args: string[]): { values: Record<string, unknown>; positionals: string[] } {
  try {
    return parseArgs({ args, options: options[name], allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A file where there is one, or where only a file can be meant. */
function targetOf(text: string): Target {
  const address = /^https?:\/\//i.test(text);
  const hub = /^([\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95})(?::(.+))?$/.exec(text);
  const looksLikeFile = /^(?:\.{0,2}|[A-Za-z]:)[\\/]/.test(text) || (/\.gguf$/i.test(text) && hub?.[2] === undefined);
  if (!address && (isFile(text) || looksLikeFile)) return { kind: 'file', path: text };
  const repo = repoOf(text);
  const path = /\/(?:blob|resolve)\/[^/]+\/([^?#]+\.gguf)/i.exec(text)?.[1];
  if (repo) return { kind: 'hub', repo, ...(path && { quantization: decodeURIComponent(path) }) };
  if (!hub) throw new UsageError(`"${text}" is neither a file nor a repository (owner/name).`);
  return { kind: 'hub', repo: hub[1]!, ...(hub[2] && { quantization: hub[2] }) };
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

function settingsOf(values: Record<string, unknown>): LoadSettings {
  const settings = { ...defaultLoadSettings };
  const { context, kv, 'gpu-layers': layers, vision, 'image-tokens': imageTokens } = values;
  if (context !== undefined) settings.contextSize = contextOf(String(context));
  if (kv !== undefined) {
    const type = kvType.safeParse(kv);
    if (!type.success) throw new UsageError(`--kv is f16, q8_0 or q4_0, not "${kv}".`);
    settings.kvType = type.data;
  }
  if (layers !== undefined && layers !== 'auto') {
    if (layers !== 'all' && !/^\d{1,6}$/.test(String(layers))) throw new UsageError(`--gpu-layers is a number, all or auto, not "${layers}".`);
    settings.gpuLayers = layers === 'all' ? Number.MAX_SAFE_INTEGER : Number(layers);
  }
  if (vision !== undefined && vision !== 'on' && vision !== 'off') throw new UsageError(`--vision is on or off, not "${vision}".`);
  if (vision === 'off') settings.vision = false;
  if (imageTokens !== undefined) {
    const tokens = loadSettings.shape.imageTokens.safeParse(Number(imageTokens));
    if (!tokens.success || tokens.data === undefined) throw new UsageError(`--image-tokens is a number from 64 to 4096, not "${imageTokens}".`);
    settings.imageTokens = tokens.data;
  }
  return settings;
}

function contextOf(text: string): number {
  const [, digits, k] = /^(\d{1,8})(k?)$/i.exec(text) ?? [];
  const tokens = Number(digits) * (k ? 1024 : 1);
  if (!(tokens >= 256 && tokens <= 16_777_216)) throw new UsageError(`--context is a number of tokens from 256 to 16777216, not "${text}".`);
  return tokens;
}
