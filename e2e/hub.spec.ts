/** When the Hub says no, is slow, or is not there: one clear sentence, and what was on screen stays. */

import { expect, test } from './app.ts';
import { gatedRepo } from './hub/builtin.ts';

test('a hub that fails gives a sentence and keeps the results; it works again when the hub does', async ({ app }) => {
  const { page, hub } = app;
  await page.getByRole('link', { name: 'Discover' }).click();
  await expect(page.getByRole('link', { name: /Tiny-Qwen3\.5-VL/ })).toBeVisible();
  const heal = hub.fault({ at: 'hub', kind: 'status', status: 503, times: 'always' });
  await page.getByRole('searchbox', { name: 'Search models' }).fill('llama');
  await expect(page.getByRole('alert')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('link', { name: /Tiny-Qwen3\.5-VL/ })).toBeVisible();
  heal();
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('link', { name: /Llama-3\.1-8B/ }).first()).toBeVisible();
});

test('a gated repository says so and leads to its page', async ({ app }) => {
  const { page } = app;
  await page.goto(`${page.url().split('#')[0]}#/discover/${gatedRepo}`);
  await expect(page.getByText(gatedRepo.split('/')[1]!).first()).toBeVisible();
  await page
    .locator('tbody[data-quantization]')
    .first()
    .getByRole('button', { name: /^Download / })
    .click();
  await expect(page.getByText(/terms|accept|access/i).first()).toBeVisible();
});

test('without a hub the sample hub is offered, and the whole way works with it', async ({ app }) => {
  const { page, hub } = app;
  hub.fault({ at: 'hub', kind: 'refuse', times: 'always' });
  await page.getByRole('link', { name: 'Discover' }).click();
  await page.getByRole('button', { name: 'Use the sample hub' }).click({ timeout: 60_000 });
  await page.getByRole('link', { name: /Tiny-Qwen3\.5-VL/ }).click();
  await expect(page.locator('tbody[data-quantization]').first()).toBeVisible();
  await expect(page.getByText('The sample hub stands in for Hugging Face', { exact: false })).toBeVisible();
  hub.clearFaults();
});
