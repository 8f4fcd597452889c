/** What a loaded model costs comes back, and a message brings the model again. */
import { expect, loadOffered, said, send, test } from './app.ts';

test.use({ library: ['tiny-qwen3.5-vl-Q4_K_M.gguf'] });

test('ejected: the memory that came back is told, and a message loads the model again', async ({ app }) => {
  const { page } = app;
  await loadOffered(page);
  await page.getByRole('button', { name: /^Eject/ }).click();
  await expect(page.getByText('is not loaded; your message loads it.')).toBeVisible();
  await page.getByRole('link', { name: 'Models' }).click();
  await expect(page.getByText(/^Ejected: \d+ MB of RAM came back\.$/)).toBeVisible();
  await page
    .getByRole('button', { name: 'New chat' })
    .or(page.getByRole('link', { name: 'New chat' }))
    .first()
    .click();
  expect(await said(await send(page, 'Hi!'))).not.toBe('');
  await expect(page.getByRole('button', { name: /^Eject/ })).toBeVisible();
});

test('settings kept for a model hold for the loads that say nothing', async ({ app }) => {
  const { page } = app;
  await page.getByRole('link', { name: 'Models' }).click();
  await page.getByRole('button', { name: /with other settings$/ }).click();
  const panel = page.getByRole('dialog');
  await panel.getByRole('combobox', { name: 'Cache' }).click();
  await page.getByRole('option', { name: /^q8_0/ }).click();
  await expect(panel.getByText('For this load: cache type')).toBeVisible();
  await panel.getByRole('switch', { name: 'Keep for this model' }).click();
  await panel.getByRole('button', { name: 'Load' }).click();
  await expect(page.getByRole('button', { name: /^Eject/ }).first()).toBeVisible({ timeout: 30_000 });
  await app.restart();
  await app.page.getByRole('link', { name: 'Models' }).click();
  await app.page.getByRole('button', { name: /with other settings$/ }).click();
  await expect(app.page.getByRole('dialog').getByText('Kept for this model: cache type')).toBeVisible();
});

test('a part of the page whose file is gone says so, and comes when the page is loaded again', async ({ app }) => {
  const { page } = app;
  // As after an update: other names, and the old files are no more.
  await page.route(/\/assets\/Chat\w+-[\w-]+\.js$/, (route) => route.fulfill({ status: 404, contentType: 'text/plain', body: 'Not found' }));
  await page.goto(`${page.url().split('#')[0]}#/models`);
  await page.reload();
  await expect(page.getByRole('region', { name: 'Chats' }).getByRole('button', { name: 'Reload' })).toBeVisible();
  await page.getByRole('button', { name: /^Load .*Q4_K_M$/ }).click();
  await expect(page.getByText('Loaded', { exact: true })).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press('Control+N');
  const gone = page.getByRole('main').getByRole('alert');
  await expect(gone).toContainText('A part of the app is missing');
  await page.unrouteAll();
  await gone.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible();
});
