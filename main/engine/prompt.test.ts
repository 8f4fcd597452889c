/** Rendering a conversation with a model's own template. */
import { expect, test } from 'vitest';
import type { Message } from '../../shared/contract/control.ts';
import { createPromptMaker, hasThinkingSwitch } from './prompt.ts';

const qwen = `{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
<think>
{% if enable_thinking is false %}
</think>

{% endif %}{% endif %}`;
const say = (role: Message['role'], text: string): Message => ({ role, content: [{ type: 'text', text }] });
const tokens = { bos: '<s>', eos: '</s>' };

test('thinking is opened by the prompt, or closed again when off', () => {
  const maker = createPromptMaker(qwen, tokens);
  expect(maker.render([say('user', 'Hi')], true)).toEqual({
    text: '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n',
    stable: '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n'.length,
    thinking: true,
  });
  expect(maker.render([say('user', 'Hi')], false).thinking).toBe(false);
  expect(maker.canThink).toBe(true);
});

test('a template without the switch cannot think', () => {
  expect(hasThinkingSwitch('{% for m in messages %}{{ m.content }}{% endfor %}')).toBe(false);
  expect(hasThinkingSwitch(undefined)).toBe(false);
});

test('a model without a template speaks ChatML', () => {
  expect(createPromptMaker(undefined, tokens).render([say('system', 'Be kind.'), say('user', 'Hi')], false).text).toBe(
    '<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
  );
});

test("a template's complaint becomes a sentence", () => {
  const maker = createPromptMaker(`{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('No system role') }}{% endif %}`, tokens);
  expect(maker.render([say('user', 'Hi')], false).text).toBe('<s>');
  expect(() => maker.render([say('system', 'x')], false)).toThrow(expect.objectContaining({ code: 'engine.loadFailed', data: { reason: 'No system role' } }));
});
