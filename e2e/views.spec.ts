/** Every view in both themes and languages, at both sizes: nothing overflows, and axe finds no fault. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import en from '../shared/i18n/en/app.json' with { type: 'json' };
import fr from '../shared/i18n/fr/app.json' with { type: 'json' };
import { expect, test } from './app.ts';
import { tinyRepo } from './hub/builtin.ts';

test.use({ library: ['tiny-qwen3.5-vl-Q4_K_M.gguf', 'mmproj-tiny-qwen3.5-vl-F16.gguf'] });

const views = ['chat', 'discover', `discover/${encodeURIComponent(tinyRepo)}`, 'models', 'models/storage', 'downloads', 'settings', 'chat/gone'];
const names = { en: en.nav, fr: fr.nav };

/** What sticks out of the window, by its text. */
const overflow = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 0 && (right > innerWidth + 1 || left < -1) && getComputedStyle(element).position !== 'fixed' && element.checkVisibility();
      })
      .map((element) => `${element.tagName} ${element.textContent?.slice(0, 40)}`),
  );

/** What axe finds wrong, a line each. */
async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

for (const [language, theme, width, height] of [
  ['en', 'light', 1280, 800],
  ['en', 'dark', 900, 600],
  ['fr', 'dark', 1280, 800],
  ['fr', 'light', 900, 600],
] as const) {
  test(`${language}, ${theme}, ${width} x ${height}`, async ({ app }) => {
    const { page } = app;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(`${page.url().split('#')[0]}#/settings`);
    await page.getByRole('combobox', { name: 'Language' }).click();
    await page.getByRole('option', { name: language === 'en' ? 'English' : 'Français' }).click();
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    for (const view of views) {
      await page.goto(`${page.url().split('#')[0]}#/${view}`);
      const name = names[language][view.split('/')[0] as keyof typeof en.nav];
      await expect(page.getByRole('main', { name, exact: true })).toBeVisible();
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0, { timeout: 60_000 });
      expect(await overflow(page), view).toEqual([]);
      expect(await faults(page), view).toEqual([]);
    }
  });
}

test('a view that is still coming says so, and axe finds no fault in it either', async ({ app }) => {
  const { page } = app;
  const come = Promise.withResolvers<void>();
  await page.route('**/ChatView-*.js', async (route) => {
    await come.promise;
    await route.continue();
  });
  await page.reload();
  const view = page.getByRole('main');
  await expect(view.locator('[aria-busy=true]')).toHaveText(/Loading/);
  expect(await faults(page)).toEqual([]);
  come.resolve();
  await expect(view.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible();
  await expect(view.locator('[aria-busy=true]')).toHaveCount(0);
});

test('the self-test ends with a report, and the window itself does not scroll', async ({ app }) => {
  const { page } = app;
  await page.goto(`${page.url().split('#')[0]}#/settings`);
  await page.getByRole('button', { name: 'Run the self-test' }).click();
  await expect(page.getByRole('button', { name: 'Copy report' })).toBeVisible({ timeout: 90_000 });
  await expect(page.getByText('Processor only').last()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBe(0);
});
