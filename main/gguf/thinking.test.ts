/** What chat templates can do: one that a model here has, and those that would rather do harm. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseHeader } from './header.ts';
import { switchesThinking, templateTraits } from './thinking.ts';

const none = { tools: false, thinking: false, system: false };

function templateOf(file: string): string {
  const path = fileURLToPath(new URL(`../../e2e/fixtures/${file}`, import.meta.url));
  const header = parseHeader(readFileSync(path), path);
  if ('needs' in header) throw new Error(`${file} is cut`);
  return String(header.metadata.get('tokenizer.chat_template') ?? '');
}

test('the small model of the sample hub can all of it', () => {
  expect(templateTraits(templateOf('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q4_K_M.gguf'))).toEqual({ tools: true, thinking: true, system: true });
});

const plain = '{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}';
test.each([
  ['a plain one', plain, { ...none, system: true }],
  ['one that refuses a system message', `{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}${plain}`, none],
  ['one that leaves it out', '{% for message in messages if message.role != "system" %}{{ message.content }}{% endfor %}', none],
  ['one that lists tools', `{% for tool in tools or [] %}{{ tool | tojson }}{% endfor %}${plain}`, { ...none, tools: true, system: true }],
  ['one that names tools without giving them', `{% if tools %}You have tools.{% endif %}${plain}`, { ...none, system: true }],
  ['one that switches thinking', `${plain}{% if enable_thinking %}<think>{% endif %}`, { ...none, thinking: true, system: true }],
  ['none', '', none],
  ['a broken one', '{% for message in messages %}{{ tools enable_thinking', none],
  ['one of a megabyte', `${plain}${' '.repeat(1_000_000)}`, none],
])('%s', (_, template, traits) => expect(templateTraits(template)).toEqual(traits));

test('one that never ends does nothing and is ended, whatever it asks for', () => {
  const loop = '{% for a in range(100000) %}{% for b in range(100000) %}{{ tools }}{{ enable_thinking }}{% endfor %}{% endfor %}';
  expect(templateTraits(loop)).toEqual(none);
}, 5000);

test('one that never ends with tools is still known to pass a system message on', () => {
  const loop = `${plain}{% if tools %}{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}{% endif %}`;
  expect(templateTraits(loop)).toEqual({ ...none, system: true });
}, 5000);

test.each(['{{ messages.constructor.constructor("return process")() }}', '{{ self.__init__ }}', '{{ cycler.__class__ }}'])('%s reaches nothing', (template) => {
  expect(templateTraits(template)).toEqual(none);
});

test('only a template that names it switches thinking', () => expect(switchesThinking(plain)).toBe(false));
