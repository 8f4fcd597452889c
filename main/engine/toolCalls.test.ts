import { expect, test } from 'vitest';
import type { Tool } from '../../shared/contract/control.ts';
import { type CallOrText, createToolReader } from './toolCalls.ts';

const weather: Tool = { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } } };

function read(text: string, size = text.length): CallOrText[] {
  const reader = createToolReader([weather]);
  const said: CallOrText[] = [];
  for (let at = 0; at < text.length; at += size) said.push(...reader.push(text.slice(at, at + size)));
  return [...said, ...reader.end()];
}
const joined = (said: CallOrText[]): string =>
  said.map((event) => (event.type === 'text' ? event.text : `[${event.call.name} ${event.call.arguments}]`)).join('');

const xml = '<tool_call>\n<function=get_weather>\n<parameter=city>\n75001\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>';

test('reads a call in tags, numbers by their schema', () => {
  expect(read(xml)).toEqual([{ type: 'toolCall', call: { id: 'call-0', name: 'get_weather', arguments: '{"city":"75001","days":3}' } }]);
});

test('reads a call in JSON', () => {
  expect(joined(read('<tool_call>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_call>'))).toBe('[get_weather {"city":"Rome"}]');
});

test.for([1, 3, 7, 1000])('in pieces of %i, with text around and two calls', (size) => {
  expect(joined(read(`Let me look.\n\n${xml}\n${xml}`, size))).toBe(
    'Let me look.[get_weather {"city":"75001","days":3}][get_weather {"city":"75001","days":3}]',
  );
});

test('what is no call stays text, and half a tag too', () => {
  expect(joined(read('a < b <tool', 2))).toBe('a < b <tool');
  expect(joined(read('<tool_call>nothing</tool_call>', 4))).toBe('<tool_call>nothing</tool_call>');
});

test('a call that was cut off is none', () => {
  expect(read('Look: <tool_call>\n<function=get_wea')).toEqual([{ type: 'text', text: 'Look:' }]);
});

test('blank space inside a text is kept', () => {
  expect(joined(read('one\n\ntwo  three', 2))).toBe('one\n\ntwo  three');
});
