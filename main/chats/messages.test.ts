/** What the model is given to read, and what a chat is called. */
import { expect, test } from 'vitest';
import type { Part, Turn } from '../../shared/schemas/chat.ts';
import { toMessages } from './messages.ts';
import { titleOf } from './title.ts';

const turn = (role: Turn['role'], more: Partial<Turn>): Turn => ({
  id: 'id',
  chatId: 'chat',
  role,
  parts: [],
  thinking: '',
  text: '',
  status: 'done',
  siblings: ['id'],
  createdAt: '',
  ...more,
});
const text = (words: string): Part => ({ type: 'text', text: words });
const image = (sent: string): Part => ({
  type: 'image',
  original: `original of ${sent}`,
  sent,
  name: `${sent}.webp`,
  width: 1,
  height: 1,
  sentWidth: 1,
  sentHeight: 1,
});
const path = (sha256: string): string => `/blobs/${sha256}`;

test('system prompt, then the turns, pictures in order as the files that the model is shown', () => {
  const turns = [
    turn('user', { parts: [image('one'), text('Which is older?'), image('two')] }),
    turn('assistant', { thinking: 'Hm, hats.', text: 'The first.' }),
    turn('user', { parts: [text('Why?')] }),
  ];
  expect(toMessages('Be brief.', turns, path)).toEqual([
    { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
    {
      role: 'user',
      content: [
        { type: 'image', path: '/blobs/one' },
        { type: 'text', text: 'Which is older?' },
        { type: 'image', path: '/blobs/two' },
      ],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'The first.' }] },
    { role: 'user', content: [{ type: 'text', text: 'Why?' }] },
  ]);
});

test('a blank system prompt is no message', () => {
  expect(toMessages(' \n', [turn('user', { parts: [text('Hi')] })], path).map(({ role }) => role)).toEqual(['user']);
});

test('roles alternate even when an answer came to nothing or was deleted', () => {
  const turns = [
    turn('user', { parts: [text('One')] }),
    turn('assistant', { status: 'interrupted', thinking: 'I was about to' }),
    turn('user', { parts: [text('Two')] }),
    turn('user', { parts: [image('three')] }),
  ];
  const gap = { type: 'text', text: '\n\n' };
  expect(toMessages('', turns, path)).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'One' }, gap, { type: 'text', text: 'Two' }, gap, { type: 'image', path: '/blobs/three' }] },
  ]);
  expect(turns[0]?.parts).toEqual([text('One')]);
});

test('a chat is called by the first words of its question', () => {
  expect(titleOf([image('cat'), text('  What\n is\tthis? ')])).toBe('What is this?');
  expect(titleOf([image('cat')])).toBe('cat.webp');
  expect(titleOf([text(' ')])).toBe('');
  expect(titleOf([text('word '.repeat(30))])).toBe(`${'word '.repeat(12).trim()}…`);
  expect(titleOf([text('x'.repeat(100))])).toBe(`${'x'.repeat(60)}…`);
  const family = '👨‍👩‍👧';
  expect(titleOf([text(family.repeat(50))])).toBe(`${family.repeat(Math.floor(60 / family.length))}…`);
});
