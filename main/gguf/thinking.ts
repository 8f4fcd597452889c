/** Tells whether a model's chat template can switch its thinking, by asking the template itself. */
import { runInNewContext } from 'node:vm';
import { Template } from '@huggingface/jinja';

/** Real templates have 4 to 20 thousand characters. */
const longest = 200_000;
const timeoutMs = 500;

/**
 * True when the template writes another prompt with `enable_thinking` than without. A template is untrusted text: one that
 * fails, or takes longer than half a second, switches nothing.
 */
export function switchesThinking(template: string): boolean {
  if (template.length > longest || !template.includes('enable_thinking')) return false;
  const differ = (): boolean => {
    const parsed = new Template(template);
    const prompt = (thinking: boolean): string =>
      parsed.render({ messages: [{ role: 'user', content: 'Hello' }], add_generation_prompt: true, enable_thinking: thinking, bos_token: '', eos_token: '' });
    return prompt(true) !== prompt(false);
  };
  try {
    // The only way to end a loop that a template runs in this thread: the time limit holds for all that is called from within.
    return runInNewContext('differ()', { differ }, { timeout: timeoutMs }) === true;
  } catch {
    return false;
  }
}
