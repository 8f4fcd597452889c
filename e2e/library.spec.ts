/** The library: files from elsewhere, models of other apps, and what is removed and comes back. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { type App, expect, test, tinyModel, userOf } from './app.ts';
import { tinyRepo } from './hub/builtin.ts';

const q4 = 'tiny-qwen3.5-vl-Q4_K_M.gguf';
const q8 = 'tiny-qwen3.5-vl-Q8_0.gguf';
const projector = 'mmproj-tiny-qwen3.5-vl-F16.gguf';

async function put(name: string, ...to: string[]): Promise<string> {
  const target = path.join(...to);
  await fs.promises.mkdir(path.dirname(target), { recursive: true });
  await fs.promises.copyFile(path.join(tinyModel, name), target);
  return target;
}

const sha256Of = (file: string): string => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/** A model in Ollama's store, as `ollama pull` leaves it. */
async function putOllama(user: string, tag: string, layers: [type: string, name: string][]): Promise<string[]> {
  const store = path.join(user, '.ollama/models');
  const named = layers.map(([type, name]) => ({ type, name, sha256: sha256Of(path.join(tinyModel, name)) }));
  const blobs = await Promise.all(named.map(({ name, sha256 }) => put(name, store, 'blobs', `sha256-${sha256}`)));
  const manifest = path.join(store, 'manifests/registry.ollama.ai/library', ...tag.split(':'));
  fs.mkdirSync(path.dirname(manifest), { recursive: true });
  const written = named.map(({ type, sha256 }) => ({ mediaType: `application/vnd.ollama.image.${type}`, digest: `sha256:${sha256}` }));
  fs.writeFileSync(manifest, JSON.stringify({ schemaVersion: 2, layers: written }));
  return blobs;
}

async function openModels({ page }: App): Promise<Page> {
  await page.getByRole('link', { name: 'Models' }).click();
  return page;
}
const rows = (page: Page): Locator => page.getByRole('list', { name: 'Models on this computer' }).getByRole('listitem');
const isLoaded = (page: Page): Promise<void> =>
  expect(page.getByLabel('Status').getByRole('button', { name: /^Loaded model/ })).toBeVisible({ timeout: 60_000 });

test('models of LM Studio and Ollama are found, used in place and never touched; the picker knows them', async ({ app }) => {
  const user = userOf(app.home);
  await put(q8, user, '.lmstudio/models/ada/tiny-GGUF', q8);
  await putOllama(user, 'tiny:3b', [
    ['model', q4],
    ['projector', projector],
  ]);
  const before = fs.readdirSync(user, { recursive: true }).sort();
  const page = await openModels(app);
  const lmStudio = rows(page).filter({ hasText: 'LM Studio' });
  const ollama = rows(page).filter({ hasText: 'Ollama' });
  await expect(lmStudio).toContainText('ada/tiny-GGUF');
  await expect(ollama).toContainText('tiny:3b');
  await expect(ollama).toContainText('Vision');
  await expect(page.getByRole('button', { name: /^Delete / })).toHaveCount(0);

  await lmStudio.getByRole('button', { name: /^Load .* Q8_0$/ }).click();
  await isLoaded(page);
  await expect(lmStudio).toContainText('Loaded');

  await page.goto(`${page.url().split('#')[0]}#/discover/${encodeURIComponent(tinyRepo)}`);
  const row = page.locator(`tbody[data-quantization="${q4}"]`);
  await expect(row.getByRole('button', { name: /^Load / })).toHaveAttribute('title', 'Already on this disk (Ollama)');

  await page.goto(`${page.url().split('#')[0]}#/models/storage`);
  await page.getByRole('switch', { name: 'Show models of Ollama' }).click();
  await page.getByRole('button', { name: 'Storage' }).click();
  await expect(rows(page)).toHaveCount(1);
  expect(
    fs
      .readdirSync(user, { recursive: true })
      .sort()
      .filter((name) => /lmstudio|ollama/.test(String(name))),
  ).toEqual(before.filter((name) => /lmstudio|ollama/.test(String(name))));
});

test('a file is imported by its path, as it lies and as a copy; what is no model is refused', async ({ app }) => {
  const elsewhere = path.join(app.home, 'elsewhere');
  const file = await put(q4, elsewhere, 'mine-Q4_K_M.gguf');
  fs.writeFileSync(path.join(elsewhere, 'page.gguf'), '<!doctype html>');
  const page = await openModels(app);
  const bring = async (named: string, how?: string): Promise<Locator> => {
    await page.getByRole('button', { name: 'Import' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import a model' });
    await dialog.getByRole('textbox', { name: /^File or folder/ }).fill(named);
    if (how) {
      await dialog.getByRole('combobox', { name: 'How' }).click();
      await page.getByRole('option', { name: how }).click();
    }
    await dialog.getByRole('button', { name: 'Import' }).click();
    return dialog;
  };

  const refused = await bring(path.join(elsewhere, 'page.gguf'));
  await expect(refused.getByRole('alert')).toContainText('page.gguf is not a GGUF model');
  await refused.getByRole('textbox').fill(file);
  await refused.getByRole('button', { name: 'Import' }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(elsewhere);

  await rows(page)
    .getByRole('button', { name: /^Delete / })
    .click();
  await page.getByRole('button', { name: 'Take off the list' }).click();
  await expect(page.getByText('No models on this computer yet')).toBeVisible();
  expect(fs.existsSync(file)).toBe(true);

  await bring(file, 'Copy');
  await expect(rows(page)).toContainText('imported/mine-Q4_K_M');
  expect(sha256Of(path.join(app.home, 'models/imported/mine-Q4_K_M/mine-Q4_K_M.gguf'))).toBe(sha256Of(file));
});

test('what is dropped on the window is imported; where nobody tells its place, that is said', async ({ app }) => {
  const file = await put(q4, app.home, 'elsewhere', 'mine-Q4_K_M.gguf');
  const page = await openModels(app);
  const drop = (name: string): Promise<void> =>
    page.evaluate((dropped) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['GGUF'], dropped));
      for (const type of ['dragenter', 'dragover', 'drop']) window.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }, name);
  const dialog = page.getByRole('dialog', { name: 'Import a model' });
  await drop('mine-Q4_K_M.gguf');
  await expect(dialog.getByRole('status')).toContainText('mine-Q4_K_M.gguf');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  // The desktop shell's preload knows the place of a file.
  await page.evaluate((place) => {
    const bridge = { connect() {}, pathForFile: ({ name }: File) => (name === 'mine-Q4_K_M.gguf' ? place : '') };
    Object.assign(window, { atelier: bridge });
  }, file);
  await drop('mine-Q4_K_M.gguf');
  await expect(dialog.getByRole('textbox', { name: /^File or folder/ })).toHaveValue(file);
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(path.dirname(file));
});

test.describe('removing', () => {
  test.use({ library: [q4, projector] });

  test('goes to the bin with every file named, comes back by Undo, and after a restart from the list', async ({ app }) => {
    const folder = path.join(app.home, 'models', ...tinyRepo.split('/'));
    const before = fs.readdirSync(folder).sort();
    const remove = async (page: Page): Promise<void> => {
      await rows(page)
        .getByRole('button', { name: /^Delete / })
        .click();
      const files = page.getByRole('dialog').getByRole('list', { name: 'Files that go' });
      await expect(files.getByRole('listitem')).toHaveText([new RegExp(`^${tinyRepo}/${q4}2\\.6 MB$`), new RegExp(`^${tinyRepo}/${projector}2\\.9 MB$`)]);
      await page.getByRole('button', { name: 'Move to the bin' }).click();
      await expect(page.getByText('No models on this computer yet')).toBeVisible();
      expect(fs.existsSync(folder)).toBe(false);
    };

    let page = await openModels(app);
    await remove(page);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(rows(page)).toHaveCount(1);
    expect(fs.readdirSync(folder).sort()).toEqual(before);

    await remove(page);
    await app.restart();
    page = await openModels(app);
    await page.getByRole('button', { name: 'Storage' }).click();
    const bin = page.getByRole('list', { name: 'Recently removed' });
    await expect(bin).toContainText('5.5 MB');
    await bin.getByRole('button', { name: /^Restore / }).click();
    await expect(page.getByText('Nothing was removed.')).toBeVisible();
    expect(fs.readdirSync(folder).sort()).toEqual(before);
    await page.getByRole('button', { name: 'Storage' }).click();
    await expect(rows(page)).toHaveCount(1);
  });

  test('an undo that finds its place taken says so, shows what lies there, and the bin keeps the other', async ({ app }) => {
    const folder = path.join(app.home, 'models', ...tinyRepo.split('/'));
    const page = await openModels(app);
    await rows(page)
      .getByRole('button', { name: /^Delete / })
      .click();
    await page.getByRole('button', { name: 'Move to the bin' }).click();
    await expect(page.getByText('No models on this computer yet')).toBeVisible();
    const other = await put(q8, folder, q4);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByRole('alert')).toContainText(`There is already a file ${q4}`);
    await expect(rows(page)).toHaveCount(1);
    expect(fs.readdirSync(folder)).toEqual([q4]);

    fs.rmSync(other);
    await page.getByRole('button', { name: 'Storage' }).click();
    await page
      .getByRole('list', { name: 'Recently removed' })
      .getByRole('button', { name: /^Restore / })
      .click();
    await expect(page.getByText('Nothing was removed.')).toBeVisible();
    expect(fs.readdirSync(folder).sort()).toEqual([projector, q4]);
    expect(sha256Of(path.join(folder, q4))).toBe(sha256Of(path.join(tinyModel, q4)));
  });
});

test.describe('moving the models folder', () => {
  test.use({ library: [q4, projector] });

  test('what it would do is said first, a folder in it is refused; then it is used there, also after a restart, and the old files are in the bin', async ({
    app,
  }) => {
    // A drive of its own where there is one.
    const drive = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'atelier-e2e-'));
    const old = path.join(app.home, 'models');
    const next = path.join(drive, 'big/models');
    const before = fs.readdirSync(path.join(old, tinyRepo)).sort();
    try {
      let page = await openModels(app);
      await page.getByRole('button', { name: 'Storage' }).click();
      const folders = page.getByRole('list', { name: 'Folders' });
      await expect(folders).toContainText(old);
      await folders.getByRole('button', { name: 'Move…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Move the models folder' });
      const move = dialog.getByRole('button', { name: 'Move', exact: true });
      await expect(move).toBeDisabled();
      await dialog.getByRole('textbox', { name: 'New folder' }).fill(path.join(old, 'inside'));
      await expect(dialog.getByRole('alert')).toContainText('This folder lies in the present models folder');
      await expect(move).toBeDisabled();
      await dialog.getByRole('textbox', { name: 'New folder' }).fill(next);
      await expect(dialog.getByRole('status')).toContainText('2 files, 5.5 MB');
      expect(fs.existsSync(next)).toBe(false);
      await page.keyboard.press('Enter');
      await expect(page.getByText(`The models folder is ${next} now`)).toBeVisible();
      await expect(folders).toContainText(next);
      await expect(folders).toContainText('1 model, 5.5 MB');
      expect(fs.readdirSync(path.join(next, tinyRepo)).sort()).toEqual(before);
      expect(fs.existsSync(path.join(old, tinyRepo))).toBe(false);
      if (fs.existsSync('/dev/shm')) await expect(page.getByRole('list', { name: 'Recently removed' })).toContainText(`Former models folder ${old}`);

      await app.restart();
      page = await openModels(app);
      await expect(rows(page)).toHaveCount(1);
      await rows(page)
        .getByRole('button', { name: /^Load .* Q4_K_M$/ })
        .click();
      await isLoaded(page);
    } finally {
      // It writes its list of downloads there when it ends.
      await app.close();
      fs.rmSync(drive, { recursive: true, force: true });
    }
  });
});
