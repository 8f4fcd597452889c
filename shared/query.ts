/** What a person may type or paste into the search box. */
import { parseFileName } from './quant.ts';

export interface Query {
  /** What to search for: words, or the repository's `owner/name`. */
  search: string;
  /** `owner/name`, where the text names a repository. */
  repo?: string;
  /** `Q4_K_M`, where the text names a quantization or a file of one. */
  quantization?: string;
}

const hubHost = /^(?:https?:\/\/)?(?:[\w-]+\.)*(?:huggingface\.co|hf\.co|hf-mirror\.com)\/(.*)$/i;
const repository = /^(?:api\/models\/|models\/)?([\w.-]{1,96}\/[\w.-]{1,96})(?=[/?#:]|$)(.*)$/;

/**
 * Reads words, `owner/name`, `owner/name:Q4_K_M`, and a pasted address of a repository or a file, on the Hub, a mirror or as a deep
 * link of another app (`lmstudio://open_from_hf?model=...`).
 */
export function parseQuery(text: string): Query {
  const words = text.trim();
  return fromPath(pathOf(words)) ?? named(words) ?? { search: words };
}

/** `owner/name` of a pasted address; undefined for anything else. */
export const repoOf = (text: string): string | undefined => fromPath(pathOf(text.trim()))?.repo;

/** The path of an address; undefined for anything else. */
function pathOf(text: string): string | undefined {
  const hub = hubHost.exec(text)?.[1];
  if (hub !== undefined) return hub;
  const anywhere = /^https?:\/\/[^/?#]+\/(.*)$/i.exec(text)?.[1];
  if (anywhere !== undefined) return anywhere;
  const asked = /^lmstudio:\/\/open_from_hf\?(.*)$/i.exec(text)?.[1];
  if (asked !== undefined) {
    const [, model] = /(?:^|&)model=([^&]+)/.exec(asked) ?? [];
    return model && `${model.replace(/%2F/i, '/')}?${asked}`;
  }
  return /^jan:\/\/models\/huggingface\/(.+)$/i.exec(text)?.[1];
}

function fromPath(path: string | undefined): Query | undefined {
  const [, repo, rest = ''] = (path !== undefined && repository.exec(path)) || [];
  if (repo === undefined) return undefined;
  const label = /^:([\w-]{1,40})$/.exec(rest)?.[1]?.toUpperCase() ?? labelIn(rest);
  return { search: repo, repo, ...(label && { quantization: label }) };
}

/** Of `/blob/main/X-Q4_K_M.gguf?download=true` or `?show_file_info=X-Q4_K_M.gguf`. */
function labelIn(rest: string): string | undefined {
  const file = /^\/(?:blob|resolve|raw)\/[^/?#]+\/([^?#]+)/.exec(rest)?.[1] ?? /[?&](?:show_file_info|file)=([^&#]+)/.exec(rest)?.[1];
  if (file === undefined) return undefined;
  try {
    return parseFileName(decodeURIComponent(file)).label;
  } catch {
    return undefined;
  }
}

function named(text: string): Query | undefined {
  const [, repo, label] = /^([\w.-]{1,96}\/[\w.-]{1,96})(?::([\w-]{1,40}))?$/.exec(text) ?? [];
  return repo === undefined ? undefined : { search: repo, repo, ...(label && { quantization: label.toUpperCase() }) };
}
