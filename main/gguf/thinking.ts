/** Tells what a model's chat template can do, by asking the template itself. */
import { runInNewContext } from 'node:vm';
import { Template } from '@huggingface/jinja';

/** Real templates have 4 to 20 thousand characters. */
const longest = 200_000;
const timeoutMs = 500;

export interface TemplateTraits {
  /** Tells the model which tools there are. */
  tools: boolean;
  /** Writes another prompt with `enable_thinking` than without. */
  thinking: boolean;
  /** Passes a system message on. */
  system: boolean;
}

const user = { role: 'user', content: 'Hello' };
const tool = {
  type: 'function',
  function: { name: 'atelier_probe', description: 'A probe.', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
};

/**
 * Renders the template with and without each thing. It is untrusted text: what fails is not there, and after half a second in all
 * so is the rest.
 */
export function templateTraits(template: string): TemplateTraits {
  const traits: TemplateTraits = { tools: false, thinking: false, system: false };
  if (template.length > longest) return traits;
  const ask = (): void => {
    const parsed = new Template(template);
    const render = (more: object): string => parsed.render({ messages: [user], add_generation_prompt: true, bos_token: '', eos_token: '', ...more });
    if (template.includes('enable_thinking')) traits.thinking = holds(() => render({ enable_thinking: true }) !== render({ enable_thinking: false }));
    traits.system = holds(() => render({ messages: [{ role: 'system', content: 'atelier_probe' }, user] }).includes('atelier_probe'));
    if (template.includes('tools')) traits.tools = holds(() => render({ tools: [tool] }).includes('atelier_probe'));
  };
  try {
    // The only way to end a loop that a template runs in this thread: the time limit holds for all that is called from within.
    runInNewContext('ask()', { ask }, { timeout: timeoutMs });
  } catch {
    // What was found until then stands.
  }
  return traits;
}

/** True when the template can switch thinking; false for one that fails or takes too long. */
export const switchesThinking = (template: string): boolean => template.includes('enable_thinking') && templateTraits(template).thinking;

function holds(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false;
  }
}
