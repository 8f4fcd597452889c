import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultLoadSettings, type LoadSettings } from '../../shared/schemas/memory.ts';
import { filesNow, openStates, type States, stateKey } from './states.ts';

let folder: string;
let states: States;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'atelier-states-')), 'states');
  states = openStates(folder);
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true }));

const keep = (key: string, bytes: number, limit = 1000): Promise<void> =>
  states.keep(key, limit, async (file) => writeFileSync(file, Buffer.alloc(bytes, key)));
/** Puts the last use of a state `seconds` back. */
function age(key: string, seconds: number): void {
  const then = new Date(Date.now() - seconds * 1000);
  utimesSync(states.find(key)!, then, then);
}

test('a state is found again, and replaced by a newer one of the same chat', async () => {
  expect(states.find('a')).toBeUndefined();
  await keep('a', 100);
  await keep('a', 50);
  expect(readFileSync(states.find('a')!)).toEqual(Buffer.alloc(50, 'a'));
  expect(states.size()).toBe(50);
});

test('the least recently used goes first', async () => {
  for (const [key, seconds] of [
    ['a', 30],
    ['b', 20],
    ['c', 10],
  ] as const) {
    await keep(key, 300);
    age(key, seconds);
  }
  states.find('a');
  await keep('d', 300);
  expect(['a', 'b', 'c', 'd'].map((key) => states.find(key) !== undefined)).toEqual([true, false, true, true]);
  expect(states.size()).toBe(900);
});

test('all of a chat go, and no others', async () => {
  const key = (chatId: string, kvType: 'f16' | 'q8_0') =>
    stateKey({ chatId, backend: 'llama-server', files: '', vision: true, settings: { ...defaultLoadSettings, kvType }, llamaCpp: 'v1' });
  for (const each of [key('a', 'f16'), key('a', 'q8_0'), key('ab', 'f16')]) await keep(each, 100);
  states.forget('a');
  expect([key('a', 'f16'), key('a', 'q8_0'), key('ab', 'f16')].map((each) => states.find(each) !== undefined)).toEqual([false, false, true]);
});

test('one that is bigger than all may be is not kept, and costs no other its place', async () => {
  await keep('a', 300);
  await keep('b', 2000);
  expect(states.find('b')).toBeUndefined();
  expect(states.find('a')).toBeDefined();
});

test('a smaller limit is kept to, none clears all', async () => {
  await keep('a', 300);
  await keep('b', 300);
  await keep('c', 100, 100);
  expect([states.find('a'), states.find('b')]).toEqual([undefined, undefined]);
  states.clear();
  expect(states.size()).toBe(0);
});

test('a write that fails leaves the state before it', async () => {
  await keep('a', 100);
  const failing = states.keep('a', 1000, async (file) => {
    writeFileSync(file, 'half');
    throw new Error('the disk is full');
  });
  await expect(failing).rejects.toThrow('the disk is full');
  expect(states.size()).toBe(100);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('what a killed app had left half written is removed', async () => {
  await keep('a', 100);
  writeFileSync(`${states.find('a')}.new`, 'half');
  states = openStates(folder);
  expect(existsSync(`${states.find('a')}.new`)).toBe(false);
  expect(states.size()).toBe(100);
});

test('a model that was replaced has another key', () => {
  const model = path.join(path.dirname(folder), 'model.gguf');
  writeFileSync(model, 'one');
  const key = (changes: Partial<LoadSettings> = {}): string =>
    stateKey({
      chatId: 'chat',
      backend: 'llama-server',
      files: filesNow([model, undefined]),
      vision: true,
      settings: { ...defaultLoadSettings, ...changes },
      llamaCpp: 'v1',
    });
  const before = key();
  expect(key()).toBe(before);
  expect(key({ contextSize: 1024, threads: 2 })).toBe(before);
  expect(key({ kvType: 'q8_0' })).not.toBe(before);
  const stretched = [
    key({ ropeScaling: 'yarn' }),
    key({ ropeScaling: 'yarn', contextSize: 65_536 }),
    key({ ropeScaling: 'linear' }),
    key({ ropeFreqBase: 1e6 }),
  ];
  expect(new Set([before, ...stretched]).size).toBe(5);
  writeFileSync(model, 'another');
  expect(key()).not.toBe(before);
});
