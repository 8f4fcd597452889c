/** A conversation as the text that the model was trained on: its own chat template, rendered. */
import { Template } from '@huggingface/jinja';
import type { Message } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';

/** What llama.cpp too falls back to for a model that brings no template. */
const chatml = `{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;

interface Prompt {
  text: string;
  /** How much of `text`, in UTF-16 units, stays the same when the conversation goes on. */
  stable: number;
  /** The text ends inside a thinking block. */
  thinking: boolean;
}

export interface PromptMaker {
  /** Renders a conversation up to where the answer begins. Throws `Fault('engine.loadFailed')` with the template's own complaint. */
  render(messages: Message[], thinking: boolean): Prompt;
  /** The template has a switch for thinking. */
  canThink: boolean;
}

/** `template`: Jinja source from the GGUF; `tokens`: the special tokens that templates print themselves. */
export function createPromptMaker(template: string | undefined, tokens: { bos: string; eos: string }): PromptMaker {
  const parsed = attempt(() => new Template(template ?? chatml));
  const render = (messages: Message[], enableThinking: boolean, addGenerationPrompt: boolean): string =>
    attempt(() =>
      parsed.render({
        messages: messages.map(({ role, content }) => ({ role, content: content.map((part) => (part.type === 'text' ? part.text : '')).join('') })),
        add_generation_prompt: addGenerationPrompt,
        enable_thinking: enableThinking,
        bos_token: tokens.bos,
        eos_token: tokens.eos,
      }),
    );
  return {
    render(messages, thinking) {
      const text = render(messages, thinking, true);
      let history = '';
      try {
        const next: Message[] = [
          { role: 'assistant', content: [{ type: 'text', text: 'x' }] },
          { role: 'user', content: [{ type: 'text', text: 'x' }] },
        ];
        history = render([...messages, ...next], thinking, true);
      } catch {
        // Only the reuse of what was already processed depends on it.
      }
      return { text, stable: commonPrefix(text, history), thinking: /<think>\s*$/.test(text) };
    },
    canThink: hasThinkingSwitch(template),
  };
}

/** Whether a chat template answers `enable_thinking`: it renders differently with it on and off. */
export function hasThinkingSwitch(template: string | undefined): boolean {
  if (!template) return false;
  try {
    const parsed = new Template(template);
    const [on, off] = [true, false].map((enable_thinking) =>
      parsed.render({ messages: [{ role: 'user', content: 'Hi' }], add_generation_prompt: true, enable_thinking, bos_token: '', eos_token: '' }),
    );
    return on !== off;
  } catch {
    return false;
  }
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('engine.loadFailed', `The model's chat template refuses this conversation: ${reason}`, { reason }, error);
  }
}
