/** The main job without a mouse. */
import type { Locator, Page } from '@playwright/test';
import { expect, said, test } from './app.ts';

/** Presses Tab until `target` has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let step = 0; step < 80; step++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${target}`);
}

test('search, download, load and ask with the keyboard only', async ({ app }) => {
  const { page } = app;
  await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible();
  await page.keyboard.press('Control+K');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.type('Discover');
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('searchbox', { name: 'Search models' }));
  await page.keyboard.type('tiny');
  const found = page.getByRole('link', { name: /^Tiny-Qwen3\.5-VL, / });
  await tabTo(page, found);
  await page.keyboard.press('Enter');

  const row = page.locator('tbody[data-quantization="tiny-qwen3.5-vl-Q4_K_M.gguf"]');
  await tabTo(page, row.getByRole('button', { name: /^Download / }));
  await page.keyboard.press('Enter');
  await tabTo(page, row.getByRole('button', { name: /^Load / }));
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Status').getByRole('button', { name: /^Loaded model/ })).toBeVisible({ timeout: 60_000 });

  await page.keyboard.press('Control+N');
  await tabTo(page, page.getByRole('textbox', { name: 'Message', exact: true }));
  await page.keyboard.type('Hi!');
  await page.keyboard.press('Enter');
  const answer = page.getByRole('article', { name: 'Answer' });
  expect(await said(answer)).toBe('Hello! How can I help you today?');
  await tabTo(page, answer.getByRole('button', { name: 'Copy' }));
});
