/** The main job, from a search box to an answered picture. */
import path from 'node:path';
import { expect, newChat, said, send, test, tinyModel } from './app.ts';
import { tinyRepo } from './hub/builtin.ts';

test('search, see the memory, download, load, ask about a picture', async ({ app }) => {
  const { page, hub } = app;
  await page.getByRole('link', { name: 'Discover' }).click();
  await page.getByRole('searchbox', { name: 'Search models' }).fill('qwen');
  await page.getByRole('link', { name: /Tiny-Qwen3\.5-VL/ }).click();

  const row = page.locator('tbody[data-quantization="tiny-qwen3.5-vl-Q4_K_M.gguf"]');
  await expect(row).toContainText(/\d+(\.\d+)? (MB|GB)/);
  await expect(row).toContainText(/RAM only|Fits/);
  const needs = row.locator('td').nth(1);
  await expect(needs).not.toHaveAttribute('aria-busy', 'true', { timeout: 30_000 });
  const before = await needs.textContent();
  const slider = page.getByRole('slider', { name: 'Context' });
  await slider.focus();
  for (let n = 0; n < 4; n++) await page.keyboard.press('ArrowLeft');
  await expect.poll(() => needs.textContent(), { message: 'a smaller context needs less' }).not.toBe(before);

  await row.getByRole('button', { name: /^Download / }).click();
  await row.getByRole('button', { name: /^Load / }).click({ timeout: 60_000 });
  await expect(page.getByLabel('Status').getByRole('button', { name: /^Loaded model/ })).toBeVisible({ timeout: 60_000 });
  expect(hub.log.filter(({ at, headers }) => at === 'cdn' && headers.authorization !== undefined)).toEqual([]);

  await newChat(page);
  const answer = await send(page, 'Describe the picture.', [path.join(tinyModel, 'pictures/04-yellow-star.jpg')]);
  expect(await said(answer)).toMatch(/yellow star/);

  await app.restart();
  await app.page.getByRole('link', { name: 'Models' }).click();
  await expect(app.page.getByText('Q4_K_M').first()).toBeVisible();
  await expect(
    app.page
      .getByText(tinyRepo.split('/')[1]!)
      .or(app.page.getByText(/Tiny Qwen/))
      .first(),
  ).toBeVisible();
});

test('every quantization of a multi-gigabyte repository is priced before a byte of weights is fetched', async ({ app }) => {
  const { page, hub } = app;
  await page.getByRole('link', { name: 'Discover' }).click();
  await page.getByRole('searchbox', { name: 'Search models' }).fill('Qwen3.5-9B');
  await page
    .getByRole('link', { name: /Qwen3\.5-9B-GGUF/ })
    .first()
    .click();
  const rows = page.locator('tbody[data-quantization]');
  await expect(rows).toHaveCount(7);
  for (const row of await rows.all()) {
    await expect(row.locator('td').nth(1)).not.toHaveAttribute('aria-busy', 'true', { timeout: 60_000 });
    await expect(row.locator('td').nth(1)).toContainText('GB');
    await expect(row.locator('td').nth(1)).not.toContainText('~');
  }
  const fetched = hub.log
    .filter(({ at, method, url }) => at === 'cdn' && method === 'GET' && url.includes('/'))
    .reduce((sum, { bytesSent }) => sum + (bytesSent ?? 0), 0);
  expect(fetched).toBeLessThan(64 * 2 ** 20);
});
