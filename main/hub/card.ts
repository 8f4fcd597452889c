/** The text that a publisher wrote about a model. It is a stranger's: whoever shows it treats it so. */
import { Fault } from '../../shared/result.ts';
import type { Hub } from './client.ts';
import { statusFault } from './faults.ts';
import { isRepo } from './names.ts';
import { drop, type HttpAnswer, networkFault } from './transport.ts';

/** Bytes; what is longer ends there. Real cards have 5 to 100 kB, more where pictures are written into them. */
const longest = 1 << 20;
const timeoutMs = 30_000;

/**
 * The card at a commit as Markdown, without its front matter; empty where the repository has none. Costs one request. Faults: `hub.gated`,
 * `hub.notFound` for the repository, `hub.unauthorized`, `hub.rateLimited`, `hub.server`, `hub.unreachable`, `hub.offline`, `hub.badAnswer`,
 * `cancelled`.
 */
export async function readCard(hub: Hub, { repo, commit }: { repo: string; commit: string }, signal: AbortSignal): Promise<{ markdown: string }> {
  if (!isRepo(repo)) throw new Fault('hub.notFound', `${repo} does not exist on the Hub.`, { repo });
  const { endpoint, token } = hub;
  const url = new URL(`${endpoint}/${repo}/raw/${commit}/README.md`);
  const timed = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const answer = await hub.get(url.href, { signal: timed });
  const html = /^text\/html/i.test(answer.headers.get('content-type') ?? '');
  if (answer.status === 200 && !html) return { markdown: withoutFrontMatter(await readStart(answer, url, timed)) };
  await drop(answer);
  if (answer.headers.get('x-error-code') === 'EntryNotFound') return { markdown: '' };
  // A captive portal answers anything with its own page.
  if (answer.status < 400) throw new Fault('hub.badAnswer', `${endpoint} does not answer like the Hub.`, { endpoint });
  throw statusFault(answer.status, answer.headers, { endpoint, repo, token });
}

async function readStart(answer: HttpAnswer, url: URL, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let left = longest;
  try {
    for await (const piece of answer.body ?? []) {
      text += decoder.decode(piece.subarray(0, left), { stream: true });
      left -= piece.length;
      if (left <= 0) break;
    }
  } catch (error) {
    throw networkFault(error, url, signal);
  }
  return text;
}

/** YAML between `---` at the very start, which the Hub reads into the model's details. */
const withoutFrontMatter = (text: string): string => text.replace(/^\uFEFF?---[ \t]*\r?\n(?:[\s\S]*?\n)?---[ \t]*(?:\r?\n|$)/, '').trim();
