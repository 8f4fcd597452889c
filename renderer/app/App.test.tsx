/** The frame and the views around the chat, as a person uses them. */
import { act, cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Fault } from '../../shared/result.ts';
import { defaultLoadSettings } from '../../shared/schemas/memory.ts';
import { createFakeCore } from '../testing/fakeCore.ts';
import { renderApp } from '../testing/renderApp.tsx';
import { downloadJob, hardware, libraryModel, loadedModel } from '../testing/samples.ts';

afterEach(cleanup);
const model = libraryModel();
const strip = (): HTMLElement => screen.getByRole('region', { name: 'Status' });

/** A fake core whose model is loaded. */
function loaded() {
  const fake = createFakeCore();
  fake.library.push([model]);
  fake.engine.push({ status: 'ready', modelId: model.id, asked: defaultLoadSettings, answering: false, model: loadedModel(model.id) });
  return fake;
}

test('the strip shows the loaded model and its memory, and ejects it', async () => {
  const fake = loaded();
  const { user } = renderApp(fake, 'models');
  await within(strip()).findByRole('button', { name: 'Loaded model: Qwen3.5 9B Q4_K_M. Change it' });
  const bar = await within(strip()).findByRole('meter', { name: hardware.gpus[0]! });
  expect(bar.getAttribute('aria-valuetext')).toMatch(/7\.1 GB of 8\.0 GB; Weights 5\.3 GB; KV cache 512 MB; State 52\.0 MB/);
  await user.click(within(strip()).getByRole('button', { name: 'Eject Qwen3.5 9B Q4_K_M' }));
  await within(strip()).findByText('No model loaded');
});

test('what the driver does not tell is said to be unknown, not zero', async () => {
  renderApp(createFakeCore({ 'hardware.get': () => ({ ...hardware, vram: { ...hardware.vram, free: null } }) }), 'models');
  await within(strip()).findByText('8.0 GB, use unknown');
});

test('loading shows its stage and how far it is; a failure says what to do', async () => {
  const fake = createFakeCore();
  fake.library.push([model]);
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: 'Load Qwen3.5 9B Q4_K_M' }));
  fake.engine.push({ status: 'loading', modelId: model.id, asked: defaultLoadSettings, stage: 'building', progress: 0.25 });
  await screen.findByText('Building the vision engine (once): 25%');
  expect(screen.getByRole('progressbar', { name: 'Loading of Qwen3.5 9B Q4_K_M' }).getAttribute('aria-valuenow')).toBe('25');
  fake.engine.push({ status: 'failed', modelId: model.id, error: { code: 'engine.crashed', message: 'raw' } });
  await screen.findByText(/The engine stopped unexpectedly/);
});

test('the load panel prices its settings before it loads with them', async () => {
  const fake = createFakeCore();
  fake.library.push([model]);
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: 'Load Qwen3.5 9B Q4_K_M with other settings' }));
  const panel = await screen.findByRole('dialog', { name: 'Load Qwen3.5 9B Q4_K_M' });
  await within(panel).findByText('Tight');
  await user.click(within(panel).getByRole('switch', { name: 'Vision' }));
  await within(panel).findByText('Fits');
  await user.click(within(panel).getByRole('button', { name: 'Load' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(fake.calls.find(({ method }) => method === 'engine.load')?.input).toMatchObject({ id: model.id, settings: { vision: false } });
});

test('a deleted model comes back by Undo and by Ctrl Z', async () => {
  const fake = createFakeCore();
  fake.library.push([model]);
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: 'Delete Qwen3.5 9B Q4_K_M' }));
  await user.click(await screen.findByRole('button', { name: 'Move to the bin' }));
  await screen.findByText('No models on this computer yet');
  await user.click(await screen.findByRole('button', { name: 'Undo' }));
  await user.click(await screen.findByRole('button', { name: 'Delete Qwen3.5 9B Q4_K_M' }));
  await user.click(await screen.findByRole('button', { name: 'Move to the bin' }));
  await screen.findByText('No models on this computer yet');
  await user.keyboard('{Control>}z{/Control}');
  await screen.findByRole('button', { name: 'Delete Qwen3.5 9B Q4_K_M' });
  expect(fake.calls.filter(({ method }) => method === 'library.restore')).toHaveLength(2);
});

test('what core refuses is said in a notice', async () => {
  const fake = createFakeCore({
    'library.remove'() {
      throw new Fault('library.inUse', 'raw', { id: model.id });
    },
  });
  fake.library.push([model]);
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: /^Delete/ }));
  await user.click(await screen.findByRole('button', { name: 'Move to the bin' }));
  expect((await screen.findAllByText('This model is loaded. Eject it first.')).length).toBeGreaterThan(0);
});

test('downloads can be paused, resumed and, once confirmed, cancelled', async () => {
  const fake = createFakeCore();
  fake.downloads.push([downloadJob()]);
  const { user } = renderApp(fake, 'downloads');
  const name = 'Qwen3.5-4B-GGUF Q6_K';
  await screen.findByText('Downloading · 1.4 GB of 4.2 GB · 12.4 MB/s · 3 min 46 s left');
  expect(screen.getByRole('link', { name: 'Downloads 1 running' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: `Pause ${name}` }));
  await user.click(await screen.findByRole('button', { name: `Resume ${name}` }));
  await user.click(await screen.findByRole('button', { name: `Cancel the download of ${name}` }));
  const dialog = await screen.findByRole('dialog', { name: 'Cancel this download?' });
  await user.click(within(dialog).getByRole('button', { name: 'Keep it' }));
  expect(fake.downloads.value).toHaveLength(1);
  await user.click(await screen.findByRole('button', { name: `Cancel the download of ${name}` }));
  await user.click(await screen.findByRole('button', { name: 'Cancel the download' }));
  await screen.findByText('No downloads');
});

test('a download that stopped says why and what to do', async () => {
  const fake = createFakeCore();
  fake.downloads.push([downloadJob({ state: 'failed', error: { code: 'download.diskFull', message: 'raw', data: { missing: 3_400_000_000 } } })]);
  renderApp(fake, 'downloads');
  await screen.findByText('There is not enough room on the disk: 3.4 GB more are needed. Free some space, then try again; a download keeps what has arrived.');
});

test('settings: language and theme show at once and are saved; the machine is described', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'settings');
  await screen.findByText('7.4 GB free of 8.0 GB');
  await screen.findByText('0.1.0 (in the browser)');
  await user.click(screen.getByRole('combobox', { name: 'Theme' }));
  await user.click(await screen.findByRole('option', { name: 'Dark' }));
  await waitFor(() => expect(document.documentElement.dataset.theme).toBe('dark'));
  await user.click(screen.getByRole('combobox', { name: 'Language' }));
  await user.click(await screen.findByRole('option', { name: 'Français' }));
  await screen.findByRole('heading', { name: 'Réglages' });
  expect(document.documentElement.lang).toBe('fr');
  expect(fake.settings.value).toMatchObject({ theme: 'dark', language: 'fr' });
});

test('Ctrl K finds a command by its name; Ctrl N opens a new chat', async () => {
  const fake = createFakeCore();
  fake.library.push([model]);
  const { user, stores } = renderApp(fake, 'settings');
  await screen.findByText('7.4 GB free of 8.0 GB');
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await screen.findByRole('combobox', { name: 'Go to or do' }), 'load qwen');
  await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(1));
  await user.keyboard('{Enter}');
  await waitFor(() => expect(fake.calls.find(({ method }) => method === 'engine.load')?.input).toEqual({ id: model.id }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await user.keyboard('{Control>}n{/Control}');
  expect(stores.ui.getState().view).toBe('chat');
});

test('a view that was on its way does not take the focus from the palette', async () => {
  const { stores } = renderApp(createFakeCore(), 'chat');
  act(() => stores.ui.getState().setPalette(true));
  const field = await screen.findByRole('textbox', { name: 'Message', hidden: true });
  expect(document.activeElement).not.toBe(field);
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('combobox', { name: 'Go to or do' })));
});

test('a lost connection is said, and what is on screen stays', async () => {
  const fake = createFakeCore();
  fake.library.push([model]);
  const { connection } = renderApp(fake, 'models');
  await screen.findByText('Qwen3.5 9B');
  connection.setState({ status: 'lost' });
  await screen.findByText('Connection lost, reconnecting…');
  expect(screen.getByText('Qwen3.5 9B')).toBeTruthy();
});

test('a file dropped where nobody wants it is not opened in place of the app', async () => {
  renderApp(createFakeCore(), 'downloads');
  const drop = new Event('drop', { bubbles: true, cancelable: true });
  Object.assign(drop, { dataTransfer: { types: ['Files'], files: [] } });
  document.body.dispatchEvent(drop);
  expect(drop.defaultPrevented).toBe(true);
});
