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
  expect(maker.render({ messages: [say('user', 'Hi')], thinking: true })).toEqual({
    text: '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n',
    stable: ['<|im_start|>user\n'.length, '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n'.length],
    thinking: true,
  });
  expect(maker.render({ messages: [say('user', 'Hi')], thinking: false }).thinking).toBe(false);
  expect(maker.canThink).toBe(true);
});

test('a template without the switch cannot think', () => {
  expect(hasThinkingSwitch('{% for m in messages %}{{ m.content }}{% endfor %}')).toBe(false);
  expect(hasThinkingSwitch(undefined)).toBe(false);
});

test('a model without a template speaks ChatML', () => {
  expect(createPromptMaker(undefined, tokens).render({ messages: [say('system', 'Be kind.'), say('user', 'Hi')], thinking: false }).text).toBe(
    '<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
  );
});

test('a template that cannot be read fails the load', () => {
  expect(() => createPromptMaker('{% if %}', tokens)).toThrow(expect.objectContaining({ code: 'engine.loadFailed' }));
});

test("a template's complaint becomes a sentence", () => {
  const maker = createPromptMaker(`{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('No system role') }}{% endif %}`, tokens);
  expect(maker.render({ messages: [say('user', 'Hi')], thinking: false }).text).toBe('<s>');
  expect(() => maker.render({ messages: [say('system', 'x')], thinking: false })).toThrow(
    expect.objectContaining({ code: 'engine.refused', data: { reason: 'No system role' } }),
  );
});

test('the calls of tools, their results and what was thought before them are given to the template', () => {
  const template = `{{ tools[0].function.name }}{% for m in messages %}|{{ m.role }}:{{ m.content }}{{ m.reasoning_content }}{{ m.tool_call_id }}{% for c in m.tool_calls or [] %}{{ c.function.name }}({{ c.function.arguments.city }}){% endfor %}{% endfor %}`;
  const messages: Message[] = [
    say('user', 'Weather?'),
    { ...say('assistant', ''), thinking: 'hm', toolCalls: [{ id: 'a', name: 'look', arguments: '{"city":"Rome"}' }] },
    { ...say('tool', 'rain'), toolCallId: 'a' },
  ];
  const { text } = createPromptMaker(template, tokens).render({ messages, thinking: true, tools: [{ name: 'look', parameters: {} }] });
  expect(text).toBe('look|user:Weather?|assistant:hmlook(Rome)|tool:raina');
});

test('an answered conversation is the same for two next questions up to where they begin', () => {
  const [one, other] = createPromptMaker(qwen, tokens).quoted({ messages: [say('user', 'Hi'), say('assistant', 'Hello')], thinking: true });
  const start = '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\n';
  expect([one.slice(0, start.length + 1), other.slice(0, start.length + 1)]).toEqual([`${start}a`, `${start}b`]);
});
