/** Every button that loads a model does something that can be seen, whatever core does. */
import { act, cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import type { Core } from '../../shared/contract/core.ts';
import { Fault } from '../../shared/result.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { defaultLoadSettings, type LoadSettings } from '../../shared/schemas/memory.ts';
import type { View } from '../stores/ui.ts';
import { createFakeCore } from '../testing/fakeCore.ts';
import { renderApp } from '../testing/renderApp.tsx';
import { downloadJob, libraryModel, loadedModel } from '../testing/samples.ts';

afterEach(cleanup);

const model = libraryModel();
const name = 'Qwen3.5 9B Q4_K_M';
const never = (): Promise<void> => new Promise(() => {});
/** Also while a dialog lies over it. */
const strip = () => within(screen.getByRole('region', { name: 'Status', hidden: true }));

const row = async () => within((await screen.findByTitle(model.id)).closest('li')!);

function open(view: View, overrides: Partial<Handlers<Core>>, id?: string) {
  const fake = createFakeCore(overrides);
  fake.library.push([model, libraryModel({ id: 'broken', name: 'Broken', problem: 'truncated' })]);
  return { fake, ...renderApp(fake, view, id) };
}
type Page = ReturnType<typeof open>;

test('the strip prices a load with its own settings while core prepares it', async () => {
  const { fake, stores } = open('downloads', { 'engine.load': never });
  fake.settings.push({ ...fake.settings.value, modelLoads: { [model.id]: { contextSize: 2048 } } });
  await waitFor(() => expect(stores.settings.getState().settings.modelLoads).not.toEqual({}));
  const priced = () =>
    fake.calls.filter(({ method }) => method === 'memory.estimate').map(({ input }) => (input as { settings: LoadSettings }).settings.contextSize);
  act(() => void stores.engine.getState().load(model.id));
  await waitFor(() => expect(priced()).toEqual([2048]));
  act(() => void stores.engine.getState().load(model.id, { ...defaultLoadSettings, contextSize: 1024 }));
  await waitFor(() => expect(priced()).toEqual([2048, 1024]));
});

test('the focus goes from the button that ejects to the one that loads, and a dialog gives it to its first control', async () => {
  const { fake, user } = open('models', {});
  fake.engine.push({ status: 'ready', modelId: model.id, asked: defaultLoadSettings, answering: false, model: loadedModel(model.id) });
  const eject = await strip().findByRole('button', { name: `Eject ${name}` });
  act(() => eject.focus());
  await user.keyboard('{Enter}');
  await waitFor(() => expect(document.activeElement).toBe(strip().getByRole('button', { name: 'No model loaded' })));
  await user.click(screen.getByRole('button', { name: `Load ${name} with other settings` }));
  await waitFor(() => expect(document.activeElement).toBe(within(screen.getByRole('dialog')).getByRole('slider')));
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

test('a download keeps the focus until it can be loaded', async () => {
  const { fake } = open('discover', {}, model.repo);
  fake.library.push([]);
  const get = await screen.findByRole('button', { name: /^Download Q4_K_M/ });
  act(() => get.focus());
  const job = downloadJob({ repo: model.repo, label: 'Q4_K_M', quantization: model.id.slice(model.repo.length + 1) });
  fake.downloads.push([job]);
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('button', { name: /^Pause the download of Q4_K_M/ })));
  fake.downloads.push([{ ...job, state: 'verifying' }]);
  await waitFor(() => expect(document.activeElement).toBe(document.body));
  fake.library.push([model]);
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('button', { name: /^Load Q4_K_M/ })));
});

const ways: [way: string, view: View, id: string | undefined, press: (page: Page) => Promise<void>][] = [
  ['the row of a model', 'models', undefined, async ({ user }) => user.click(await screen.findByRole('button', { name: `Load ${name}` }))],
  [
    'the load panel',
    'models',
    undefined,
    async ({ user }) => {
      await user.click(await screen.findByRole('button', { name: `Load ${name} with other settings` }));
      await user.click(await within(await screen.findByRole('dialog')).findByRole('button', { name: /^Load/ }));
    },
  ],
  ['a row of Discover', 'discover', model.repo, async ({ user }) => user.click(await screen.findByRole('button', { name: /^Load Q4_K_M/ }))],
  [
    'the menu of the strip',
    'models',
    undefined,
    async ({ user }) => {
      await screen.findByRole('button', { name: `Load ${name}` });
      await user.click(strip().getByRole('button', { name: 'No model loaded' }));
      await user.click(await screen.findByRole('menuitem', { name: /^Qwen3\.5 9B/ }));
    },
  ],
  [
    'the palette',
    'models',
    undefined,
    async ({ user }) => {
      await screen.findByRole('button', { name: `Load ${name}` });
      await user.keyboard('{Control>}k{/Control}');
      await user.click(await screen.findByRole('option', { name: `Load ${name}` }));
    },
  ],
  ['the composer', 'chat', undefined, async ({ user }) => user.click(await screen.findByRole('button', { name: `Load ${name}` }))],
];

test.each(ways)('%s shows that a load is on its way although core has not answered, and it can be taken back', async (_, view, id, press) => {
  const page = open(view, { 'engine.load': never }, id);
  await press(page);
  await strip().findByText(`Starting the engine 0% · ${name}`);
  page.stores.ui.getState().openLoadPanel(undefined);
  await page.user.click(await strip().findByRole('button', { name: `Eject ${name}` }));
  await strip().findByText('No model loaded');
  expect(page.fake.calls.filter(({ method }) => method === 'engine.unload')).toEqual([]);
});

test.each(ways)('%s says for as long as it holds why core would not begin', async (_, view, id, press) => {
  const page = open(
    view,
    {
      'engine.load': () => {
        throw new Fault('internal', 'A bug');
      },
    },
    id,
  );
  await press(page);
  await strip().findByText(`Could not load ${name}`);
  page.stores.ui.getState().openLoadPanel(undefined);
  page.stores.ui.getState().go('models');
  await row().then((each) => each.findByText(/^Something unexpected went wrong/));
  page.fake.engine.push({ status: 'loading', modelId: model.id, asked: defaultLoadSettings, stage: 'loading', progress: 0.5 });
  await strip().findByText(`Loading 50% · ${name}`);
  page.fake.engine.push({ status: 'idle' });
  await strip().findByText('No model loaded');
});

test('a refusal is told at its row while another model answers on', async () => {
  const page = open('models', {
    'engine.load': () => {
      throw new Fault('internal', 'A bug');
    },
  });
  const other = { modelId: 'other/Other-Q8_0.gguf', asked: defaultLoadSettings, model: loadedModel('other'), answering: false };
  page.fake.engine.push({ status: 'ready', ...other });
  await page.user.click(await screen.findByRole('button', { name: `Load ${name}` }));
  await row().then((each) => each.findByRole('alert'));
  strip().getByRole('button', { name: /^Loaded model: Other-Q8_0/ });
});

test('choosing and ejecting say what they do when core takes longer than a second', async () => {
  const page = open('models', { 'engine.unload': never });
  page.fake.engine.push({ status: 'ready', modelId: model.id, asked: defaultLoadSettings, answering: false, model: loadedModel(model.id) });
  await page.user.click(await strip().findByRole('button', { name: `Eject ${name}` }));
  expect(screen.queryByText(`Ejecting ${name}…`)).toBeNull();
  await waitFor(() => expect(screen.getAllByText(`Ejecting ${name}…`).length).toBeGreaterThan(0), { timeout: 5000 });
});
