/** Choosing a model on an 8 GB card: families, verdicts that follow the context, filters, and a hub that slows down or is away. */
import type { Locator, Page } from '@playwright/test';
import { type App, expect, test } from './app.ts';

test.use({ card: 8192 });

async function search(app: App, text: string): Promise<void> {
  await app.page.getByRole('link', { name: 'Discover' }).click();
  await app.page.getByRole('searchbox', { name: 'Search models' }).fill(text);
}

const row = (page: Page, label: string): Locator =>
  page.locator('tbody[data-quantization]').filter({ has: page.getByRole('button', { name: `Show where the memory of ${label} goes`, exact: true }) });

/** Moves the context slider with the keyboard until it says `words`. */
async function slideTo(page: Page, words: string): Promise<void> {
  const slider = page.getByRole('slider', { name: 'Context' });
  await slider.focus();
  await page.keyboard.press('Home');
  for (let step = 0; step < 60 && (await slider.getAttribute('aria-valuetext')) !== words; step++) await page.keyboard.press('ArrowRight');
  await expect(slider).toHaveAttribute('aria-valuetext', words);
}

test('"qwen 3.5": one family with its sizes; 9B; the verdicts follow the context', async ({ app }) => {
  const { page } = app;
  await search(app, 'qwen 3.5');
  await page.getByRole('link', { name: /^Qwen3\.5 9B, / }).click();
  for (const size of ['35B-A3B', '27B', '4B', '0.8B'])
    await expect(page.getByRole('link', { name: new RegExp(`^Qwen3\\.5 ${size.replace('.', '\\.')}, `) })).toBeVisible();

  await slideTo(page, '4,096 tokens');
  await expect(row(page, 'Q4_K_M')).toContainText(/Fits|Tight/, { timeout: 60_000 });
  await expect(row(page, 'Q6_K')).toContainText(/Fits|Tight/);
  await expect(row(page, 'Q8_0')).toContainText(/Partly on GPU: \d+ of 33 layers/);
  await slideTo(page, '65,536 tokens');
  await expect(row(page, 'Q6_K')).toContainText(/Partly on GPU: \d+ of 33 layers/, { timeout: 60_000 });
  // Rows show what they knew until they are priced anew.
  await expect(page.locator('tbody[data-quantization] [aria-busy=true]')).toHaveCount(0, { timeout: 60_000 });
  await expect(row(page, 'Q5_K_M')).toContainText(/Partly on GPU: \d+ of 33 layers/);
  await expect(row(page, 'Q4_K_M')).toContainText(/Fits|Tight/);
  await expect(page.locator('tbody[data-quantization]').getByText('Best pick', { exact: true })).toHaveCount(1);
});

test('a row opens with the keyboard to where its memory goes, and says for which settings it holds', async ({ app }) => {
  const { page } = app;
  await search(app, 'unsloth/Qwen3.5-9B-GGUF:Q4_K_M');
  await page.keyboard.press('Enter');
  const opener = page.getByRole('button', { name: 'Show where the memory of Q4_K_M goes' });
  await expect(opener).toHaveAttribute('aria-expanded', 'true', { timeout: 30_000 });
  await expect(page.getByText('Holds for 16,384 tokens of context', { exact: false })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText('Asked of llama.cpp itself', { exact: false })).toBeVisible();
  await expect(row(page, 'Q4_K_M')).toContainText(/cache f16: \d+k/, { timeout: 60_000 });
  await opener.press('Enter');
  await expect(opener).toHaveAttribute('aria-expanded', 'false');
});

test('"fits this computer" goes by real estimates', async ({ app }) => {
  const { page } = app;
  await search(app, '');
  await expect(page.getByRole('link', { name: /^gpt-oss 20B, / })).toBeVisible();
  await page.getByRole('button', { name: 'Fits this computer', exact: true }).click();
  await expect(page.getByRole('link', { name: /^gpt-oss 20B, / })).toHaveCount(0, { timeout: 90_000 });
  await expect(page.getByRole('link', { name: /^Qwen3\.5 9B, / })).toBeVisible();
});

test('a hub that slows us down: the results from before stay, with a sentence', async ({ app }) => {
  const { page, hub } = app;
  await search(app, 'llama');
  await expect(page.getByRole('link', { name: /^Qwen3\.5 9B, / })).toHaveCount(0);
  await expect(page.getByRole('link', { name: /^Llama-3\.1 8B, / })).toBeVisible();
  await search(app, 'gpt');
  await expect(page.getByRole('link', { name: /^gpt-oss 20B, / })).toBeVisible();
  hub.fault({ at: 'hub', kind: 'rateLimited', seconds: 120, times: 'always' });
  await search(app, 'llama');
  await expect(page.getByRole('link', { name: /^Llama-3\.1 8B, / })).toBeVisible();
  await expect(page.getByText('asks us to slow down', { exact: false })).toBeVisible({ timeout: 30_000 });
  hub.clearFaults();
});

test('offline: what was searched before is there with its age', async ({ app }) => {
  const { hub } = app;
  await search(app, 'qwen');
  await expect(app.page.getByRole('link', { name: /^gpt-oss 20B, / })).toHaveCount(0);
  await expect(app.page.getByRole('link', { name: /^Qwen3\.5 9B, / })).toBeVisible();
  hub.fault({ at: 'hub', kind: 'refuse', times: 'always' });
  await app.restart();
  await search(app, 'qwen');
  await expect(app.page.getByRole('link', { name: /^Qwen3\.5 9B, / })).toBeVisible({ timeout: 30_000 });
  await expect(app.page.getByText(/cannot be reached/).first()).toBeVisible({ timeout: 30_000 });
  hub.clearFaults();
});
