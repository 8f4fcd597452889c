/** Starts the built app in a home of its own, in whichever shell the project names, with the stand-in hub for Hugging Face. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { _electron, test as base, expect, type Locator, type Page } from '@playwright/test';
import { builtinRepositories, tinyRepo } from './hub/builtin.ts';
import { type Hub, startHub } from './hub/start.ts';

const root = path.resolve(import.meta.dirname, '..');
export const tinyModel = path.join(root, 'e2e/fixtures/tiny-qwen3.5-vl');

/** The home folder of the person who uses the app of `home`. */
export const userOf = (home: string): string => path.join(home, 'user');

export interface Running {
  page: Page;
  /** Process id of the app's main process. */
  pid: number;
  /** Ends the app as a person does. */
  close(): Promise<void>;
}

export interface App extends Running {
  /** Where it keeps its data. */
  home: string;
  hub: Hub;
  /** Ends it and starts it again on the same home; `page` is then the new one. */
  restart(): Promise<void>;
}

interface Fixtures {
  app: App;
  /** Files of the tiny model that are in the library before the start. */
  library: string[];
  /** MiB of a software Vulkan card that the app finds; 0: no GPU. */
  card: number;
}

export const test = base.extend<Fixtures, { hub: Hub }>({
  hub: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names from the pattern.
    async ({}, use) => {
      const hub = await startHub({ repositories: builtinRepositories(path.join(root, 'e2e/fixtures')) });
      await use(hub);
      await hub.close();
    },
    { scope: 'worker' },
  ],
  library: [[], { option: true }],
  card: [0, { option: true }],
  app: async ({ hub, browser, library, card }, use, info) => {
    const cardEnv = card > 0 ? softwareGpu(card) : {};
    test.skip(cardEnv === undefined, 'a software GPU needs cc, lavapipe and the Vulkan headers (Debian: mesa-vulkan-drivers, libvulkan-dev)');
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'atelier-e2e-'));
    const models = path.join(home, 'models', ...tinyRepo.split('/'));
    fs.mkdirSync(models, { recursive: true });
    for (const file of library) fs.copyFileSync(path.join(tinyModel, file), path.join(models, file));
    fs.mkdirSync(userOf(home));
    fs.writeFileSync(path.join(home, 'settings.json'), JSON.stringify({ sampling: { temperature: 0 } }));
    const env = {
      ...process.env,
      ATELIER_HOME: home,
      ATELIER_CACHE: ownCache(home),
      HF_ENDPOINT: hub.endpoint,
      ATELIER_REDIRECT_HOSTS: hub.redirectHosts.join(','),
      HF_TOKEN: '',
      // Other apps' models of whoever runs the tests are none of ours.
      ...{ HOME: userOf(home), USERPROFILE: userOf(home), XDG_CACHE_HOME: '', XDG_CONFIG_HOME: '', XDG_DATA_HOME: '' },
      ...{ OLLAMA_MODELS: '', HF_HOME: '', HF_HUB_CACHE: '', LLAMA_CACHE: '' },
      ...cardEnv,
    };
    const open = (): Promise<Running> =>
      info.project.name === 'electron'
        ? openElectron(env)
        : openHeadless(env, async (url) => {
            const page = await (await browser.newContext()).newPage();
            await page.goto(url);
            return page;
          });
    let running = await open();
    await use({
      home,
      hub,
      get page() {
        return running.page;
      },
      get pid() {
        return running.pid;
      },
      close: () => running.close(),
      async restart() {
        await running.close();
        running = await open();
      },
    });
    await running.close();
    fs.rmSync(home, { recursive: true, force: true });
  },
});

/** Loads the model that the composer offers and waits until it can answer. */
export async function loadOffered(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^(Load |Try again$)/ })
    .first()
    .click();
  await expect(
    page
      .getByRole('status', { name: 'Status' })
      .or(page.getByLabel('Status'))
      .getByRole('button', { name: /^Loaded model/ }),
  ).toBeVisible({ timeout: 60_000 });
}

/** Writes a message with pictures and sends it with the keyboard; the answer that comes. */
export async function send(page: Page, text: string, pictures: string[] = []): Promise<Locator> {
  const before = await page.getByRole('article', { name: 'Answer' }).count();
  if (pictures.length > 0) await page.locator('input[type=file]').setInputFiles(pictures);
  if (pictures.length > 0) await expect(page.getByRole('list', { name: 'Attached pictures' }).getByRole('listitem')).toHaveCount(pictures.length);
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill(text);
  await expect(page.getByRole('button', { name: 'Send' })).toBeEnabled();
  await page.keyboard.press('Enter');
  const answer = page.getByRole('article', { name: 'Answer' }).nth(before);
  await expect(answer).toBeVisible();
  return answer;
}

/** Waits for an answer's end and gives what it says, without thinking, statistics and buttons. */
export async function said(answer: Locator, status = 'done'): Promise<string> {
  await expect(answer).toHaveAttribute('data-status', status, { timeout: 60_000 });
  return ((await answer.locator('.markdown').textContent()) ?? '').trim();
}

/** Opens a new chat with the keyboard. */
export async function newChat(page: Page): Promise<void> {
  await page.keyboard.press('Control+N');
  await expect(page.getByRole('article', { name: 'Answer' })).toHaveCount(0);
}

export { expect } from '@playwright/test';

async function openHeadless(env: NodeJS.ProcessEnv, openPage: (url: string) => Promise<Page>): Promise<Running> {
  const child = fork(path.join(root, 'dist/main/server.js'), ['--headless'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execPath: path.join(root, 'node_modules/node/bin/node'),
  });
  const url = await address(child);
  const page = await openPage(url);
  let closed: Promise<void> | undefined;
  return {
    page,
    pid: child.pid!,
    close() {
      closed ??= (async () => {
        await page.context().close();
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await exited;
      })();
      return closed;
    },
  };
}

async function openElectron(env: NodeJS.ProcessEnv): Promise<Running> {
  const app = await _electron.launch({ executablePath: process.env.ATELIER_ELECTRON!, args: [root, '--no-sandbox'], env: env as Record<string, string> });
  return { page: await app.firstWindow(), pid: app.process().pid!, close: () => app.close() };
}

/** The address that the headless shell prints once it listens; rejects with what it said when it ends before. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      const url = /Atelier is ready: (\S+)/.exec(said)?.[1];
      if (url) resolve(url);
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.once('exit', () => reject(new Error(`The app ended before it was ready:\n${said}`)));
  });
}

/** The environment of an app that finds a software Vulkan card of `mib` MiB; undefined where it cannot be made. */
function softwareGpu(mib: number): Record<string, string> | undefined {
  const library = path.join(os.tmpdir(), `atelier-software-gpu-${process.pid}.so`);
  const source = path.join(root, 'main/memory/testing/software_gpu.c');
  if (!fs.existsSync(library) && spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']).status !== 0) return undefined;
  if (!fs.existsSync('/usr/share/vulkan/icd.d')) return undefined;
  return { LD_PRELOAD: library, SOFTWARE_GPU_MIB: String(mib), GGML_VK_VISIBLE_DEVICES: '0' };
}

/** A cache folder of the app's own, but for the vision engine, which takes minutes to build. */
function ownCache(home: string): string {
  const system: Record<string, string> = { darwin: 'Library/Caches/Atelier', win32: 'AppData/Local/Atelier/Cache' };
  const shared = process.env.ATELIER_CACHE || path.join(os.homedir(), system[process.platform] ?? '.cache/atelier');
  const cache = path.join(home, 'cache');
  fs.mkdirSync(cache);
  const built = path.join(shared, 'llama-server');
  if (fs.existsSync(built)) fs.symlinkSync(built, path.join(cache, 'llama-server'), 'junction');
  return cache;
}
