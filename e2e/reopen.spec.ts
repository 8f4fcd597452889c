/** A long chat that one comes back to is not read again: after an ejection, after another chat, after the app was closed. */
import fs from 'node:fs';
import path from 'node:path';
import type { Locator } from '@playwright/test';
import { expect, loadOffered, newChat, said, send, test } from './app.ts';

test.use({ library: ['tiny-qwen3.5-vl-Q4_K_M.gguf'] });

/** Of the question of an answer: how many tokens were read, and of how many. */
async function read(answer: Locator): Promise<{ read: number; all: number }> {
  await said(answer);
  await answer.getByText(/to first/).hover();
  const words = await answer
    .page()
    .getByText(/tokens read/)
    .last()
    .textContent();
  const [, some, all] = /^([\d,]+) of ([\d,]+) tokens read, the rest was known/.exec(words ?? '') ?? [];
  expect(all, words ?? 'no words').toBeDefined();
  const number = (text: string): number => Number(text.replaceAll(',', ''));
  return { read: number(some!), all: number(all!) };
}

test('a long chat that one comes back to is not read again', async ({ app }) => {
  // The tiny model goes on and on about what it does not understand.
  fs.writeFileSync(path.join(app.home, 'settings.json'), JSON.stringify({ sampling: { temperature: 0, maxTokens: 32 } }));
  await app.restart();
  await loadOffered(app.page);
  await said(await send(app.page, `Keep this in mind. ${'one two three four '.repeat(500)}`));
  await expect(app.page.getByRole('button', { name: /^[\d,]+ of 16,384 tokens$/ })).toBeVisible();

  await app.page.getByRole('button', { name: /^Eject/ }).click();
  await expect(app.page.getByText('is not loaded; your message loads it.')).toBeVisible();
  const ejected = await read(await send(app.page, 'Hi!'));
  expect(ejected.all).toBeGreaterThan(2000);
  expect(ejected.read).toBeLessThan(40);

  await newChat(app.page);
  await said(await send(app.page, 'What is two plus two?'));
  await app.page.getByRole('link', { name: /^Keep this in mind/ }).click();
  await expect(app.page.getByText('Hi!', { exact: true }).first()).toBeVisible();
  expect((await read(await send(app.page, 'And now?'))).read).toBeLessThan(40);

  await app.restart();
  await app.page.getByRole('link', { name: /^Keep this in mind/ }).click();
  await expect(app.page.getByText('And now?')).toBeVisible();
  expect((await read(await send(app.page, 'Good morning!'))).read).toBeLessThan(40);
});
