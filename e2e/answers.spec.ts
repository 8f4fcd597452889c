/** Settings of one chat: what it says of its answers holds there alone, and can be given back. And what is deleted goes for good. */
import fs from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { expect, loadOffered, newChat, said, send, test } from './app.ts';

test.use({ library: ['tiny-qwen3.5-vl-Q4_K_M.gguf', 'mmproj-tiny-qwen3.5-vl-F16.gguf'] });

const settingsButton = (page: Page): Locator => page.getByRole('button', { name: /^Settings of this chat/ });

/** Opens the panel with the keyboard. */
async function openSettings(page: Page): Promise<Locator> {
  await settingsButton(page).focus();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('dialog', { name: 'Settings of this chat' });
  await expect(panel).toBeVisible();
  return panel;
}

async function closeSettings(page: Page, panel: Locator): Promise<void> {
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
}

test('a chat with its own system prompt and penalty answers accordingly, also after a restart, until they are given back', async ({ app }) => {
  await loadOffered(app.page);
  const question = 'Comment vas-tu ?';
  const repeat = 'Repeat: one one one one two';
  const usual = await said(await send(app.page, question));
  expect(usual).not.toBe(usual.toUpperCase());
  expect(await said(await send(app.page, repeat))).toBe('one one one one two');

  await newChat(app.page);
  let panel = await openSettings(app.page);
  await panel.getByRole('textbox', { name: 'System prompt' }).fill('Always answer in capital letters.');
  await panel.getByRole('spinbutton', { name: 'Repeat penalty' }).fill('2');
  await app.page.keyboard.press('Enter');
  await expect(panel.getByText('this chat', { exact: true })).toHaveCount(2);
  await closeSettings(app.page, panel);
  await expect(settingsButton(app.page)).toHaveAccessibleName('Settings of this chat: 2 of its own');
  const loud = await said(await send(app.page, question));
  expect(loud).toBe(loud.toUpperCase());
  const address = new URL(app.page.url()).hash;

  await app.restart();
  const { page } = app;
  await page.evaluate((hash) => {
    location.hash = hash;
  }, address);
  await expect(settingsButton(page)).toHaveAccessibleName('Settings of this chat: 2 of its own');
  expect(await said(await send(page, repeat))).not.toContain('one one');

  panel = await openSettings(page);
  await panel.getByRole('button', { name: 'System prompt: back to No system prompt' }).click();
  await panel.getByRole('button', { name: 'Repeat penalty: back to 1' }).click();
  await expect(panel.getByText('this chat', { exact: true })).toHaveCount(0);
  await closeSettings(page, panel);
  await expect(settingsButton(page)).toHaveAccessibleName('Settings of this chat');
  expect(await said(await send(page, repeat))).toContain('one one');
  await newChat(page);
  expect(await said(await send(page, question))).toBe(usual);
});

test('a deleted chat comes back, and goes for good with its picture when its room is reclaimed', async ({ app }) => {
  const { page } = app;
  const picture = new URL('./fixtures/tiny-qwen3.5-vl/pictures/01-red-circle.png', import.meta.url).pathname;
  const blobs = (): string[] =>
    fs
      .readdirSync(path.join(app.home, 'blobs'), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map(({ name }) => name);
  const words = 'wordlet that nobody says';
  const written = (): boolean =>
    fs
      .readdirSync(app.home)
      .filter((name) => name.startsWith('atelier.db'))
      .some((name) => fs.readFileSync(path.join(app.home, name)).includes(words));
  await loadOffered(page);
  await said(await send(page, words, [picture]));
  expect([blobs().length > 0, written()]).toEqual([true, true]);

  const row = page.getByRole('link', { name: new RegExp(words) });
  const remove = async (): Promise<void> => {
    await page.getByRole('button', { name: new RegExp(`^More about ${words}`) }).click();
    await page.getByRole('menuitem', { name: /^Delete/ }).click();
    await expect(row).toHaveCount(0);
  };
  await remove();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(row).toBeVisible();
  await remove();

  await page.getByRole('link', { name: 'Models' }).click();
  await page.getByRole('button', { name: 'Storage' }).click();
  await page.getByRole('button', { name: /^Reclaim .*: Chats$/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByRole('button', { name: /^Reclaim .*: (Chats|Pictures)$/ })).toHaveCount(0);
  expect([blobs(), written()]).toEqual([[], false]);
});
