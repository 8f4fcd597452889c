/** A conversation as the text that the model was trained on: its own chat template, rendered. */
import { Template } from '@huggingface/jinja';
import type { GenerateRequest, Message } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';

/** What llama.cpp too falls back to for a model that brings no template. */
const chatml = `{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;

interface Prompt {
  text: string;
  /** How much of `text`, in UTF-16 units, stays the same when the last question is asked differently, and when the conversation goes on. */
  stable: number[];
  /** The text ends inside a thinking block. */
  thinking: boolean;
}

/** What a prompt is made from. */
export type Asked = Pick<GenerateRequest, 'messages' | 'thinking' | 'tools'>;

export interface PromptMaker {
  /** Renders a conversation up to where the answer begins. Throws `Fault('engine.refused')` with the template's own complaint. */
  render(asked: Asked): Prompt;
  /** A conversation that was answered as two next questions would quote it: what both begin with stays the same. */
  quoted(asked: Asked): [string, string];
  /** The template has a switch for thinking. */
  canThink: boolean;
}

/** `template`: Jinja source from the GGUF; `tokens`: the special tokens that templates print themselves. Throws `Fault('engine.loadFailed')` for none that can be read. */
export function createPromptMaker(template: string | undefined, tokens: { bos: string; eos: string }): PromptMaker {
  const parsed = attempt('engine.loadFailed', () => new Template(template ?? chatml));
  const render = ({ messages, thinking, tools }: Asked, ...next: Message[]): string =>
    attempt('engine.refused', () =>
      parsed.render({
        messages: [...messages, ...next].map(toTemplate),
        ...(tools?.length && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
        add_generation_prompt: true,
        enable_thinking: thinking,
        bos_token: tokens.bos,
        eos_token: tokens.eos,
      }),
    );
  return {
    render(asked) {
      const text = render(asked);
      const last = asked.messages.findLastIndex(({ role }) => role === 'user');
      const others = [
        () => render({ ...asked, messages: [...asked.messages.slice(0, Math.max(0, last)), say('user', '')] }),
        () => render(asked, say('assistant', 'x'), say('user', 'x')),
      ];
      const stable = others.flatMap((other) => {
        try {
          return [commonPrefix(text, other())];
        } catch {
          // Only the reuse of what was already processed depends on it.
          return [];
        }
      });
      return { text, stable, thinking: /<think>\s*$/.test(text) };
    },
    quoted: (asked) => [render(asked, say('user', 'a')), render(asked, say('user', 'b'))],
    canThink: hasThinkingSwitch(template),
  };
}

const say = (role: Message['role'], text: string): Message => ({ role, content: [{ type: 'text', text }] });

/** A message as templates know it. */
const toTemplate = ({ role, content, thinking, toolCalls, toolCallId }: Message): Record<string, unknown> => ({
  role,
  content: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
  ...(thinking && { reasoning_content: thinking }),
  ...(toolCalls?.length && {
    tool_calls: toolCalls.map(({ id, name, arguments: given }) => ({ id, type: 'function', function: { name, arguments: JSON.parse(given) as unknown } })),
  }),
  ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
});

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

function attempt<T>(code: 'engine.loadFailed' | 'engine.refused', work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault(code, `The model's chat template refuses: ${reason}`, { reason }, error);
  }
}
