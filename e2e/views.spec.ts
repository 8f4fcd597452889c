/** Every view in both themes and languages, at both sizes: nothing overflows, and axe finds no fault. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './app.ts';
import { tinyRepo } from './hub/builtin.ts';

test.use({ library: ['tiny-qwen3.5-vl-Q4_K_M.gguf', 'mmproj-tiny-qwen3.5-vl-F16.gguf'] });

const views = ['chat', 'discover', `discover/${encodeURIComponent(tinyRepo)}`, 'models', 'models/storage', 'downloads', 'settings'];

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
      await expect(page.locator('main')).toBeVisible();
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0, { timeout: 60_000 });
      expect(await overflow(page), view).toEqual([]);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(({ id, nodes }) => `${view}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`),
        view,
      ).toEqual([]);
    }
  });
}
