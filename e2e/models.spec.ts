/** Two models loaded at once: which one answers is chosen, each is ejected by itself, and the one that is left goes on. */
import type { Locator, Page } from '@playwright/test';
import { expect, newChat, said, send, test } from './app.ts';
import { slowDown } from './processes.ts';

test.use({ library: ['tiny-qwen3.5-vl-Q4_K_M.gguf', 'tiny-qwen3.5-vl-Q6_K.gguf'] });

const strip = (page: Page): Locator => page.getByRole('region', { name: 'Status' });
const answers = (page: Page, label: string): Locator => strip(page).getByRole('button', { name: new RegExp(`^Loaded model: .*${label}\\.`) });
const row = (page: Page, label: string): Locator =>
  page.getByRole('list', { name: 'Models on this computer' }).getByRole('listitem').filter({ hasText: label });

async function load(page: Page, label: string): Promise<void> {
  await row(page, label)
    .getByRole('button', { name: new RegExp(`^Load .*${label}$`) })
    .click();
  await expect(answers(page, label)).toBeVisible({ timeout: 120_000 });
}

async function loadBoth(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Models' }).click();
  for (const label of ['Q4_K_M', 'Q6_K']) await load(page, label);
  await expect(strip(page).getByRole('button', { name: '2 models loaded' })).toBeVisible();
  await expect(row(page, 'Q6_K').getByText('Answers', { exact: true })).toBeVisible();
  await expect(row(page, 'Q4_K_M').getByText('Loaded', { exact: true })).toBeVisible();
}

test('the chosen one of two loaded models answers; the other can be asked the same', async ({ app }) => {
  const { page } = app;
  await loadBoth(page);
  await newChat(page);
  const first = await send(page, 'Hi!');
  await said(first);
  await expect(first.getByText(/Q6_K$/)).toBeVisible();

  await page.getByRole('button', { name: /^Answers: .*Q6_K/ }).click();
  await page.getByRole('menuitemradio', { name: /Q4_K_M/ }).click();
  await expect(answers(page, 'Q4_K_M')).toBeVisible();
  const second = await send(page, 'What is two plus two?');
  await said(second);
  await expect(second.getByText(/Q4_K_M$/)).toBeVisible();

  await second.getByRole('button', { name: 'Answer again with another model' }).click();
  await page.getByRole('menuitem', { name: /Q6_K/ }).click();
  const last = page.getByRole('article', { name: 'Answer' }).last();
  await expect(last.getByText('2/2')).toBeVisible();
  await said(last);
  await expect(last.getByText(/Q6_K$/)).toBeVisible();
  await expect(answers(page, 'Q6_K')).toBeVisible();
});

test('one of two is ejected and the other answers, and is the one that a message loads after a restart', async ({ app }) => {
  const { page } = app;
  await loadBoth(page);
  await expect(row(page, 'Q4_K_M').getByRole('button', { name: /^Delete|is loaded\. Eject it/ })).toBeDisabled();
  await strip(page).getByRole('button', { name: '2 models loaded' }).click();
  await page
    .getByRole('list', { name: '2 models loaded' })
    .getByRole('button', { name: /^Eject .*Q6_K$/ })
    .click();
  await expect(answers(page, 'Q4_K_M')).toBeVisible();
  await expect(strip(page).getByRole('button', { name: /models? loaded$/ })).toHaveCount(0);
  await expect(row(page, 'Q6_K').getByText(/^Ejected: \d+ MB of RAM came back\.$/)).toBeVisible();
  await newChat(page);
  const answer = await send(page, 'Hi!');
  await said(answer);
  await expect(answer.getByText(/Q4_K_M$/)).toBeVisible();
  await app.restart();
  await newChat(app.page);
  await expect(app.page.getByText(/Q4_K_M is not loaded; your message loads it\.$/)).toBeVisible();
});

test('after a restart a message loads the one that was chosen last, and no other', async ({ app }) => {
  await loadBoth(app.page);
  await row(app.page, 'Q4_K_M')
    .getByRole('button', { name: /^Answer with/ })
    .click();
  await expect(answers(app.page, 'Q4_K_M')).toBeVisible();
  await app.restart();
  await newChat(app.page);
  await expect(app.page.getByText(/Q4_K_M is not loaded; your message loads it\.$/)).toBeVisible();
  const answer = await send(app.page, 'Hi!');
  await said(answer);
  await expect(answer.getByText(/Q4_K_M$/)).toBeVisible();
  await expect(strip(app.page).getByRole('button', { name: /models? loaded$/ })).toHaveCount(0);
});

test('all are ejected at once', async ({ app }) => {
  const { page } = app;
  await loadBoth(page);
  await strip(page).getByRole('button', { name: '2 models loaded' }).click();
  await page.getByRole('button', { name: 'Eject all' }).click();
  await expect(strip(page).getByText('No model loaded')).toBeVisible();
});

test.describe('on a card with room for one', () => {
  test.use({ card: 192, library: ['tiny-qwen3.5-vl-Q4_K_M.gguf', 'tiny-qwen3.5-vl-Q6_K.gguf', 'mmproj-tiny-qwen3.5-vl-F16.gguf'] });

  test.skip(process.platform === 'win32', 'there are no ps and no SIGSTOP');

  test('one that answers does not go for another; once it is stopped it does, and that is told', async ({ app }) => {
    // The card is a processor that draws.
    test.slow();
    const { page } = app;
    await page.getByRole('link', { name: 'Models' }).click();
    await load(page, 'Q4_K_M');
    const atFullSpeed = slowDown(app);
    await newChat(page);
    await send(page, 'Count from 1 to 100.');
    await expect(strip(page).getByText('Answering', { exact: true })).toBeVisible();
    await page.getByRole('link', { name: 'Models' }).click();
    await row(page, 'Q6_K')
      .getByRole('button', { name: /^Load .*Q6_K$/ })
      .click();
    await expect(page.getByText(/Q4_K_M is answering and would have to go\. Stop it, or wait until it is done, then load again\.$/).first()).toBeVisible();
    await expect(answers(page, 'Q4_K_M')).toBeVisible();
    atFullSpeed();
    await page.getByRole('link', { name: /^Count from 1/ }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect(page.getByRole('article', { name: 'Answer' })).toHaveAttribute('data-status', 'stopped', { timeout: 60_000 });
    await page.getByRole('link', { name: 'Models' }).click();
    await load(page, 'Q6_K');
    await expect(row(page, 'Q6_K').getByText(/Q4_K_M was ejected to make room: .* came back\.$/)).toBeVisible();
  });
});
