/** The list of chats over the real RPC. */
import { expect, test } from 'vitest';
import { chatOf, testCore } from '../features/chat/testCore.ts';
import { createChatsStore } from './chats.ts';

const titles = (chats: { title: string }[] | undefined) => chats?.map((chat) => chat.title);

test('follows the list; a deleted chat comes back', async () => {
  const store = createChatsStore(testCore([chatOf([], { id: 'a', title: 'Pears' }), chatOf([], { id: 'b', title: 'Plums' })]).client);
  await expect.poll(() => titles(store.getState().chats)).toEqual(['Pears', 'Plums']);
  await store.getState().rename('a', 'Apples');
  await expect.poll(() => titles(store.getState().chats)).toEqual(['Apples', 'Plums']);
  await store.getState().remove('b');
  await expect.poll(() => titles(store.getState().chats)).toEqual(['Apples']);
  await store.getState().restore('b');
  await expect.poll(() => titles(store.getState().chats)).toEqual(['Apples', 'Plums']);
});

test('the last search wins, and follows the list', async () => {
  const core = testCore([chatOf([], { id: 'a', title: 'Pears' }), chatOf([], { id: 'b', title: 'Plums' })]);
  const store = createChatsStore(core.client);
  void store.getState().search('pear');
  await store.getState().search('plum');
  await expect.poll(() => titles(store.getState().found)).toEqual(['Plums']);
  core.show(chatOf([], { id: 'c', title: 'Plum cake' }));
  await expect.poll(() => titles(store.getState().found)).toEqual(['Plums', 'Plum cake']);
  await store.getState().search('  ');
  expect(store.getState().found).toBeUndefined();
});
