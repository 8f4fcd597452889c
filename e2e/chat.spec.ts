/** A conversation: memory, stop, reload in mid-answer, a crash in mid-answer, and what is there after a restart. */
import fs from 'node:fs';
import { expect, loadOffered, said, send, test } from './app.ts';
import { descendants, slowDown } from './processes.ts';

test.use({ library: ['tiny-qwen3.5-vl-Q4_K_M.gguf', 'mmproj-tiny-qwen3.5-vl-F16.gguf'] });

const countTo100 = Array.from({ length: 100 }, (_, n) => n + 1);

test.skip(process.platform === 'win32', 'there are no ps and no SIGSTOP');

test('remembers what was said before', async ({ app }) => {
  await loadOffered(app.page);
  await said(await send(app.page, 'My name is Ada.'));
  expect(await said(await send(app.page, 'What is my name?'))).toContain('Ada');
});

test('a long answer stopped midway keeps its text, and the next message works', async ({ app }) => {
  await loadOffered(app.page);
  const atFullSpeed = slowDown(app);
  const answer = await send(app.page, 'Count from 1 to 100.');
  await expect(answer).toContainText('10');
  await app.page.getByRole('button', { name: 'Stop' }).click();
  atFullSpeed();
  const kept = await said(answer, 'stopped');
  expect(kept).toMatch(/^1, 2, 3/);
  expect(kept).not.toContain('100');
  await said(await send(app.page, 'Hi!'));
  await expect(answer).toContainText(kept.slice(0, 40));
});

test('a reload in mid-answer loses no character', async ({ app }) => {
  await loadOffered(app.page);
  const atFullSpeed = slowDown(app);
  await expect(await send(app.page, 'Count from 1 to 100.')).toContainText('5');
  await app.page.reload();
  const answer = app.page.getByRole('article', { name: 'Answer' });
  await expect(answer).toHaveAttribute('data-status', 'running');
  atFullSpeed();
  const numbers = (await said(answer)).match(/\d+/g)!.map(Number);
  expect(numbers).toEqual(countTo100);
});

test('the engine killed in mid-answer: the text is kept, and the next load works', async ({ app }) => {
  await loadOffered(app.page);
  const atFullSpeed = slowDown(app);
  const answer = await send(app.page, 'Count from 1 to 100.');
  await expect(answer).toContainText('5');
  const below = descendants(app.pid);
  const servers = below.filter(({ command }) => command.includes('llama-server'));
  const engines = below.filter(({ command }) => command.includes('engine.js'));
  expect(servers).not.toEqual([]);
  expect(engines).not.toEqual([]);
  for (const { pid } of engines) process.kill(pid, 'SIGKILL');
  atFullSpeed();
  expect(await said(answer, 'interrupted')).toMatch(/^1, 2, 3/);
  await expect.poll(() => servers.filter(({ pid }) => fs.existsSync(`/proc/${pid}`)), { message: 'no llama-server is left behind' }).toEqual([]);
  await loadOffered(app.page);
  await said(await send(app.page, 'Hi!'));
});

test('ejected in mid-answer: the answer is stopped with its text, and the next message loads the model again', async ({ app }) => {
  const { page } = app;
  await loadOffered(page);
  const atFullSpeed = slowDown(app);
  const answer = await send(page, 'Count from 1 to 100.');
  await expect(answer).toContainText('5');
  await page
    .getByRole('button', { name: /^Eject/ })
    .first()
    .click();
  atFullSpeed();
  expect(await said(answer, 'stopped')).toMatch(/^1, 2, 3/);
  await expect(page.getByText(/is not loaded; your message loads it\.$/)).toBeVisible({ timeout: 20_000 });
  expect(await said(await send(page, 'Hi!'))).toBe('Hello! How can I help you today?');
});

test('a message sent at once after the click on Load waits for that model', async ({ app }) => {
  const { page } = app;
  await page
    .getByRole('button', { name: /^Load / })
    .first()
    .click();
  expect(await said(await send(page, 'Hi!'))).toBe('Hello! How can I help you today?');
});

test('closed and opened again: chat, pictures and library are there', async ({ app }) => {
  await loadOffered(app.page);
  const picture = new URL('./fixtures/tiny-qwen3.5-vl/pictures/01-red-circle.png', import.meta.url).pathname;
  const text = await said(await send(app.page, 'Describe the picture.', [picture]));
  await app.restart();
  await app.page
    .getByRole('link', { name: /Describe the picture/ })
    .or(app.page.getByRole('button', { name: /^Describe the picture/ }))
    .first()
    .click();
  await expect(app.page.getByRole('article', { name: 'Answer' }).locator('.markdown')).toHaveText(text);
  const image = app.page.getByRole('article', { name: 'You' }).locator('img');
  await expect(image).toBeVisible();
  await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBeGreaterThan(0);
  await app.page.getByRole('link', { name: 'Models' }).click();
  await expect(app.page.getByText('Q4_K_M').first()).toBeVisible();
});

test('the app killed in mid-answer: what was written up to the last second is there, marked interrupted', async ({ app }) => {
  await loadOffered(app.page);
  const atFullSpeed = slowDown(app);
  const answer = await send(app.page, 'Count from 1 to 100.');
  await expect(answer).toContainText('20');
  // What is written is stored once a second.
  await app.page.waitForTimeout(1500);
  process.kill(app.pid, 'SIGKILL');
  atFullSpeed();
  await app.restart();
  await app.page
    .getByText(/Count from 1 to 100/)
    .first()
    .click();
  expect(await said(app.page.getByRole('article', { name: 'Answer' }), 'interrupted')).toMatch(/^1, 2, 3.* 20/);
});
