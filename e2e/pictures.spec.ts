/** The model sees what the person sees: every sure question about every picture, whatever its format and size. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, loadOffered, newChat, said, send, test, tinyModel } from './app.ts';

interface Picture {
  file: string;
  questions: { q: string; a: string; sure: boolean }[];
}

const pictures: Picture[] = JSON.parse(fs.readFileSync(path.join(tinyModel, 'pictures/expected.json'), 'utf8'));
const file = (name: string): string => path.join(tinyModel, 'pictures', name);

test.use({ library: ['tiny-qwen3.5-vl-Q4_K_M.gguf', 'mmproj-tiny-qwen3.5-vl-F16.gguf'] });

test('every sure question about every picture is answered to the letter', async ({ app }) => {
  test.setTimeout(900_000);
  await loadOffered(app.page);
  const wrong: string[] = [];
  let asked = 0;
  for (const picture of pictures) {
    for (const { q, a } of picture.questions.filter(({ sure }) => sure)) {
      await newChat(app.page);
      const answer = await said(await send(app.page, q, [file(picture.file)]));
      asked++;
      if (answer !== a) wrong.push(`${picture.file}: ${q} -> ${answer} (expected ${a})`);
    }
  }
  expect(wrong).toEqual([]);
  console.log(`${asked} sure questions about ${pictures.length} pictures answered to the letter`);
});

test('two pictures in one message, in their order', async ({ app }) => {
  await loadOffered(app.page);
  const answer = await send(app.page, 'What colour is the shape?', [file('01-red-circle.png'), file('02-blue-square.png')]);
  const shown = app.page.getByRole('article', { name: 'You' }).getByRole('button', { name: /^Open picture/ });
  await expect(shown).toHaveCount(2);
  await expect(shown.first()).toHaveAccessibleName('Open picture 1: 01-red-circle.png');
  expect(await said(answer)).toMatch(/red|blue/i);
});

test('what is not a picture is refused by name, and the message stays', async ({ app }) => {
  await loadOffered(app.page);
  await app.page.getByRole('textbox', { name: 'Message', exact: true }).fill('Look at this');
  await app.page.locator('input[type=file]').setInputFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('hello') });
  await expect(app.page.getByText('notes.png is not a picture that can be read.', { exact: false })).toBeVisible();
  await expect(app.page.getByRole('textbox', { name: 'Message', exact: true })).toHaveValue('Look at this');
});
