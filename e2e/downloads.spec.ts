/** Downloads as a person meets them: stopped and killed, gated, many at once. */
import fs from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { type App, expect, test } from './app.ts';
import { gatedRepo, tinyRepo } from './hub/builtin.ts';
import { goodToken } from './hub/exchange.ts';

const MiB = 2 ** 20;
const visit = async (page: Page, place: string): Promise<void> => void (await page.goto(`${page.url().split('#')[0]}#/${place}`));
const download = (page: Page, file: string) => page.locator(`tbody[data-quantization="${file}"]`).getByRole('button', { name: /^Download / });
const rows = (page: Page) => page.getByRole('list', { name: 'Downloads', exact: true }).locator('> li');
const saved = (app: App) => JSON.parse(fs.readFileSync(path.join(app.home, 'models/.downloads.json'), 'utf8')).jobs[0];

test.afterEach(({ hub }) => {
  hub.setRate(undefined);
  hub.clearFaults();
});

test('paused, killed and started again, it goes on with the bytes that are missing and no others', async ({ app }) => {
  const { hub } = app;
  const file = 'tiny-qwen3.5-vl-Q4_K_M.gguf';
  hub.setRate(MiB / 4);
  await visit(app.page, `discover/${tinyRepo}`);
  await download(app.page, file).click();
  await expect.poll(() => fs.existsSync(path.join(app.home, 'models/.downloads.json')) && saved(app).received, { timeout: 30_000 }).toBeGreaterThan(MiB / 2);
  await app.page.getByRole('link', { name: /^Downloads/ }).click();
  await app.page.getByRole('button', { name: /^Pause Tiny/ }).click();
  await expect(rows(app.page).first()).toContainText('Paused');
  await expect.poll(() => saved(app).state).toBe('paused');
  const { received, size } = saved(app);

  process.kill(app.pid, 'SIGKILL');
  await app.restart();
  await app.page.getByRole('link', { name: /^Downloads/ }).click();
  await expect(rows(app.page).first()).toContainText('Paused');
  hub.log.length = 0;
  hub.setRate(undefined);
  await app.page.getByRole('button', { name: /^Resume Tiny/ }).click();
  await expect(app.page.getByRole('region', { name: 'Finished' })).toContainText('Done, verified', { timeout: 60_000 });
  const sent = hub.log.filter(({ at, subject }) => at === 'cdn' && subject.includes('.gguf')).reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  expect(received).toBeGreaterThan(MiB / 2);
  expect(sent).toBe(size - received);
});

test('a gated model asks for a token; with one it comes, and the token goes to the hub alone', async ({ app }) => {
  const { page, hub } = app;
  hub.setRate(MiB);
  await visit(page, `discover/${gatedRepo}`);
  await page
    .locator('tbody[data-quantization]')
    .first()
    .getByRole('button', { name: /^Download / })
    .click();
  await page.getByRole('link', { name: /^Downloads/ }).click();
  await expect(page.getByRole('alert')).toContainText('accept their terms');
  await page.getByRole('alert').getByRole('button', { name: 'Set an access token' }).click();

  await expect(page.getByRole('heading', { name: 'Network' })).toBeInViewport();
  const test = page.getByRole('button', { name: 'Test: Access token' });
  await test.click();
  await expect(page.getByText('No access token is set', { exact: false })).toBeVisible();
  await page.getByLabel('Access token', { exact: true }).fill('hf_wrongwrongwrongwrongwrong');
  await page.keyboard.press('Enter');
  await test.click();
  await expect(page.getByText('did not accept the access token', { exact: false })).toBeVisible();
  hub.log.length = 0;
  await page.getByLabel('Access token', { exact: true }).fill(goodToken);
  await page.keyboard.press('Enter');
  await test.click();
  await expect(page.getByText('This token works. It belongs to ada.')).toBeVisible();

  await page.getByRole('link', { name: /^Downloads/ }).click();
  await page.getByRole('button', { name: /^Resume Llama/ }).click();
  await expect(rows(page).first()).toContainText(/Downloading · (?!0 )/);
  const authorized = (at: string) => hub.log.filter((entry) => entry.at === at).map(({ headers }) => headers.authorization);
  await expect.poll(() => authorized('cdn').length).toBeGreaterThan(0);
  expect(new Set(authorized('cdn'))).toEqual(new Set([undefined]));
  expect(authorized('hub')).toContain(`Bearer ${goodToken}`);

  await app.restart();
  await visit(app.page, 'settings/network');
  await app.page.getByRole('button', { name: 'Test: Access token' }).click();
  await expect(app.page.getByText('This token works. It belongs to ada.')).toBeVisible();
  expect(await app.page.content()).not.toContain(goodToken);
  for (const name of fs.readdirSync(app.home, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(app.home, name);
    if (!/\.(json|log)$/.test(name)) continue;
    if (path.basename(name) === 'secrets.json') expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    else expect(fs.readFileSync(file, 'utf8'), name).not.toContain(goodToken);
  }
});

test('downloads are put in order with the keyboard, paused and resumed together', async ({ app }) => {
  const { page, hub } = app;
  hub.setRate(MiB);
  await visit(page, 'discover/unsloth/Qwen3.5-9B-GGUF');
  for (const label of ['Q2_K', 'Q3_K_M', 'Q4_K_M']) await download(page, `Qwen3.5-9B-${label}.gguf`).click();
  await page.getByRole('link', { name: /^Downloads/ }).click();
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).nth(2)).toContainText('Q4_K_M');
  await expect(rows(page).nth(2)).toContainText('Waiting');

  const grip = page.getByRole('button', { name: /^Move Qwen3\.5-9B-GGUF Q4_K_M/ });
  await grip.focus();
  await page.keyboard.press('ArrowUp');
  await expect(rows(page).nth(1)).toContainText('Q4_K_M');
  await expect(grip).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(rows(page).nth(0)).toContainText('Q4_K_M');
  await expect(rows(page).nth(0)).toContainText('Downloading');
  await expect(rows(page).nth(2)).toContainText('Q3_K_M');
  await expect(rows(page).nth(2)).toContainText('Waiting');

  await page.getByRole('button', { name: 'Pause all' }).click();
  for (const row of await rows(page).all()) await expect(row).toContainText('Paused');
  await app.restart();
  await app.page.getByRole('link', { name: /^Downloads/ }).click();
  await expect(rows(app.page)).toHaveText([/Q4_K_M/, /Q2_K/, /Q3_K_M/]);
  for (const row of await rows(app.page).all()) await expect(row).toContainText('Paused');
  await app.page.getByRole('button', { name: 'Resume all' }).click();
  await expect(rows(app.page).nth(0)).toContainText('Downloading');
});
