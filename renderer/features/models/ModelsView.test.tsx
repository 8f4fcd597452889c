/** The library's page over a fake core: where models are from, what removing touches, imports, and storage. */
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Fault } from '../../../shared/result.ts';
import { defaultLoadSettings } from '../../../shared/schemas/memory.ts';
import { createFakeCore, type FakeCore } from '../../testing/fakeCore.ts';
import { elsewhere, libraryDuplicates, libraryPlaces, libraryTasks, removedModels } from '../../testing/librarySamples.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { libraryModel, loadedModel, modelDetail, searchModels } from '../../testing/samples.ts';
import { droppedOf } from './useDroppedModels.ts';

const [ollama, missing, reference] = elsewhere as [(typeof elsewhere)[0], (typeof elsewhere)[0], (typeof elsewhere)[0]];
const inputs = (fake: FakeCore, method: string): unknown[] => fake.calls.filter((call) => call.method === method).map(({ input }) => input);
afterEach(() => {
  cleanup();
  delete window.atelier;
});

test("another app's model says whose it is and cannot be deleted; one of a missing drive cannot be loaded", async () => {
  const fake = createFakeCore();
  fake.library.push([ollama, missing]);
  renderApp(fake, 'models');
  const [first, second] = within(await screen.findByRole('list', { name: 'Models on this computer' })).getAllByRole('listitem');
  expect(within(first!).getByText('Ollama')).toBeTruthy();
  expect(within(first!).queryByRole('button', { name: /^Delete/ })).toBeNull();
  expect(within(second!).getByText('The drive or folder it lies in is not there now.')).toBeTruthy();
  expect(within(second!).getByRole('button', { name: 'Load Mistral 7B Q8_0' }).hasAttribute('data-disabled')).toBe(true);
});

test('a projector that two models share is counted once', async () => {
  const fake = createFakeCore();
  fake.library.push([
    libraryModel(),
    libraryModel({ id: 'b', label: 'Q8_0', files: [{ path: 'unsloth/Qwen3.5-9B-GGUF/Qwen3.5-9B-Q8_0.gguf', size: 9_320_000_000 }] }),
  ]);
  renderApp(fake, 'models');
  await screen.findByText('2 models, 15.9 GB');
});

test('deleting names every file that goes and what stays; nothing goes before it is confirmed', async () => {
  const stays = [{ path: 'a/b/mmproj-F16.gguf', size: 900_000_000 }];
  const fake = createFakeCore({ 'library.removal': () => ({ files: libraryModel().files, stays }) });
  fake.library.push([libraryModel()]);
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: /^Delete/ }));
  const dialog = await screen.findByRole('dialog', { name: 'Delete Qwen3.5 9B Q4_K_M?' });
  expect((await within(dialog).findByRole('list', { name: 'Files that go' })).textContent).toBe(`${libraryModel().files[0]!.path}5.7 GB`);
  expect(dialog.textContent).toContain('Stays, because another model needs it:a/b/mmproj-F16.gguf900 MB');
  await user.keyboard('{Escape}');
  expect(inputs(fake, 'library.remove')).toEqual([]);
});

test('a disk too full for the bin: the dialog says so, and only its second button deletes for good', async () => {
  const fake = createFakeCore({
    'library.removal': () => ({ files: libraryModel().files, stays: [] }),
    'library.remove'({ id, forGood }) {
      if (!forGood) throw new Fault('library.binFull', 'raw', { id });
    },
  });
  fake.library.push([libraryModel()]);
  const { user } = renderApp(fake, 'models');
  const dialog = (): Promise<HTMLElement> => screen.findByRole('dialog', { name: 'Delete Qwen3.5 9B Q4_K_M?' });
  await user.click(await screen.findByRole('button', { name: /^Delete/ }));
  await user.click(await within(await dialog()).findByRole('button', { name: 'Move to the bin' }));
  expect((await within(await dialog()).findByRole('alert')).textContent).toMatch(/no room left .* Nothing was deleted\..* 5\.7 GB/);
  await user.click(within(await dialog()).getByRole('button', { name: 'Cancel' }));
  expect(inputs(fake, 'library.remove')).toEqual([{ id: libraryModel().id }]);

  await user.click(await screen.findByRole('button', { name: /^Delete/ }));
  await user.click(await within(await dialog()).findByRole('button', { name: 'Move to the bin' }));
  await user.click(await within(await dialog()).findByRole('button', { name: 'Delete 5.7 GB for good' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(inputs(fake, 'library.remove').at(-1)).toEqual({ id: libraryModel().id, forGood: true });
  expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull();
});

test('a file used where it lies only leaves the list', async () => {
  const fake = createFakeCore();
  fake.library.push([reference]);
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: /^Delete/ }));
  await screen.findByText('It only leaves the list. The file stays where it lies and is not touched.');
  await user.click(screen.getByRole('button', { name: 'Take off the list' }));
  await screen.findByText('Phi 4 Q4_K_M is off the list');
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  expect(inputs(fake, 'library.restore')).toEqual([{ id: reference.id }]);
});

test('a path is imported as the person chooses; what is refused is said in the dialog, with what was not imported still there', async () => {
  const fake = createFakeCore({
    'library.import'({ path }) {
      if (path.endsWith('.txt')) throw new Fault('gguf.notGguf', 'raw', { file: path });
      return { id: path };
    },
  });
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: 'Import' }));
  const dialog = await screen.findByRole('dialog', { name: 'Import a model' });
  const field = within(dialog).getByRole('textbox', { name: /^File or folder/ });
  await user.type(field, '/m/one.gguf{Shift>}{Enter}{/Shift}/m/two.txt');
  await user.click(within(dialog).getByRole('combobox', { name: 'How' }));
  await user.click(await screen.findByRole('option', { name: /^Copy/ }));
  await user.click(within(dialog).getByRole('button', { name: 'Import' }));
  await within(dialog).findByRole('alert');
  expect((field as HTMLTextAreaElement).value).toBe('/m/two.txt');
  await user.clear(field);
  await user.type(field, '"/m/three.gguf"{Enter}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(inputs(fake, 'library.import')).toEqual([
    { path: '/m/one.gguf', mode: 'copy' },
    { path: '/m/two.txt', mode: 'copy' },
    { path: '/m/three.gguf', mode: 'copy' },
  ]);
});

test('a browser does not tell where a dropped file lies; the desktop does', () => {
  const file = new File([''], 'model.gguf');
  expect(droppedOf([file], {})).toEqual({ paths: [], unknown: ['model.gguf'] });
  const atelier = { connect: () => {}, pathForFile: ({ name }: File) => (name === 'model.gguf' ? '/home/ada/model.gguf' : '') };
  expect(droppedOf([file, new File([''], 'virtual.gguf')], { atelier })).toEqual({ paths: ['/home/ada/model.gguf'], unknown: ['virtual.gguf'] });
});

test('storage: what was removed comes back or goes for good, once confirmed', async () => {
  const fake = createFakeCore();
  fake.bin.push(removedModels);
  const { user } = renderApp(fake, 'models', 'storage');
  const list = await screen.findByRole('list', { name: 'Recently removed' });
  expect(list.textContent).toContain('7.3 GB · removed 20 Nov 2026 · kept until 20 Dec 2026');
  await user.click(within(list).getByRole('button', { name: 'Restore Gemma 3 12B Q4_K_M' }));
  expect(inputs(fake, 'library.restore')).toEqual([{ id: 'a/b/c.gguf', removedAt: removedModels[0]!.removedAt }]);
  await user.click(within(list).getByRole('button', { name: 'Delete Qwen3.5 9B Q2_K for good' }));
  expect(inputs(fake, 'library.emptyBin')).toEqual([]);
  const one = { id: 'a/b/d.gguf', removedAt: removedModels[1]!.removedAt };
  await user.click(await screen.findByRole('button', { name: 'Delete for good' }));
  await waitFor(() => expect(inputs(fake, 'library.emptyBin')).toEqual([one]));
  await user.click(await screen.findByRole('button', { name: 'Empty now, 7.3 GB' }));
  await user.click(await screen.findByRole('button', { name: 'Delete for good' }));
  await screen.findByText('Nothing was removed.');
  expect(inputs(fake, 'library.emptyBin')).toEqual([one, {}]);
});

test('storage: only what can go has a button, which asks first', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'models', 'storage');
  const list = await screen.findByRole('list', { name: 'On the disk' });
  expect(
    within(list)
      .getAllByRole('button')
      .map((button) => button.getAttribute('aria-label')),
  ).toEqual(['Reclaim 200 MB: Unfinished downloads and copies', 'Reclaim 5.7 GB: Recently removed', 'Reclaim 4.2 MB: Headers and searches']);
  await user.click(within(list).getByRole('button', { name: /Unfinished/ }));
  await user.click(await screen.findByRole('button', { name: 'Delete for good' }));
  await waitFor(() => expect(inputs(fake, 'library.reclaim')).toEqual([{ kind: 'partial' }]));
});

test('storage: duplicates are compared, joined, or deleted where they are ours', async () => {
  const fake = createFakeCore();
  fake.library.push([libraryModel()]);
  fake.duplicates.push(libraryDuplicates);
  const { user } = renderApp(fake, 'models', 'storage');
  const list = await screen.findByRole('list', { name: 'Duplicates' });
  expect(list.textContent).toContain('3 equal files, 5.7 GB each');
  expect(within(list).getAllByRole('button', { name: /^Delete/ })).toHaveLength(1);
  await user.click(screen.getByRole('button', { name: 'Compare them' }));
  await user.click(within(list).getByRole('button', { name: 'Make them one, reclaim 5.7 GB' }));
  expect(inputs(fake, 'library.compare')).toHaveLength(1);
  expect(inputs(fake, 'library.link')).toEqual([{ sha256: 'a'.repeat(64) }]);
  await screen.findByText('Nothing is there twice.');
});

test('storage: folders are added and forgotten, apps are shown and hidden', async () => {
  const fake = createFakeCore();
  fake.places.push(libraryPlaces);
  const { user } = renderApp(fake, 'models', 'storage');
  await user.type(await screen.findByRole('textbox', { name: 'Another folder' }), '/data/models{Enter}');
  await user.click(await screen.findByRole('button', { name: 'Look no more in /data/models' }));
  await user.click(screen.getByRole('switch', { name: 'Show models of Ollama' }));
  await user.click(screen.getByRole('switch', { name: 'Show models of LM Studio' }));
  expect(inputs(fake, 'library.addFolder')).toEqual([{ folder: '/data/models' }]);
  expect(inputs(fake, 'library.forgetFolder')).toEqual([{ folder: '/data/models' }]);
  expect(inputs(fake, 'library.showApp')).toEqual([
    { app: 'ollama', shown: false },
    { app: 'lmstudio', shown: true },
  ]);
});

test('what takes long can be cancelled; what failed is said until it is dismissed', async () => {
  const fake = createFakeCore();
  fake.libraryTasks.push(libraryTasks);
  const { user } = renderApp(fake, 'models');
  const list = await screen.findByRole('list', { name: 'Under way' });
  expect(within(list).getByText('3.1 GB of 9.1 GB')).toBeTruthy();
  await user.click(within(list).getByRole('button', { name: 'Cancel: Copying phi-4-Q4_K_M.gguf.' }));
  await user.click(within(list).getByRole('button', { name: 'Dismiss' }));
  await waitFor(() => expect(screen.queryByRole('list', { name: 'Under way' })).toBeNull());
  expect(inputs(fake, 'library.endTask')).toEqual([{ id: 't1' }, { id: 't2' }]);
});

test('details: the Hub is asked only when the person wants it, and a missing projector is offered', async () => {
  const detail = modelDetail(searchModels[0]!);
  const quantization = detail.quantizations[0]!;
  const sha256 = 'e'.repeat(64);
  const fake = createFakeCore({
    'hub.model': () => ({
      ...detail,
      projector: { path: 'mmproj-F16.gguf', size: 937_000_000 },
      quantizations: [{ ...quantization, files: quantization.files.map((file) => ({ ...file, sha256 })) }],
    }),
    'downloads.start': () => Promise.reject(new Fault('hub.unreachable', 'raw', { endpoint: 'x' })),
  });
  const hub = { repo: detail.id, commit: detail.commit, path: quantization.id };
  const { projector, ...model } = libraryModel({ id: `${detail.id}/${quantization.id}`, hub, vision: false, lacksProjector: true });
  fake.library.push([{ ...model, files: quantization.files.map(({ path, size }) => ({ path: `${detail.id}/${path}`, size, sha256 })) }]);
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: /^Details of/ }));
  screen.getByText('Its chat template takes pictures, but no projector is here.');
  expect(inputs(fake, 'hub.model')).toEqual([]);
  await user.click(await screen.findByRole('button', { name: 'Add vision…' }));
  await screen.findByText('It is what the Hub has now.');
  await user.click(screen.getByRole('button', { name: 'Add vision, 937 MB' }));
  expect(inputs(fake, 'downloads.start')).toEqual([{ repo: detail.id, commit: detail.commit, quantization: quantization.id }]);
});

test('details: a new version with the same tensors is offered for the price of its header, the whole beside it', async () => {
  const detail = modelDetail(searchModels[0]!);
  const quantization = detail.quantizations[0]!;
  const fake = createFakeCore({
    'hub.model': () => ({ ...detail, quantizations: [{ ...quantization, files: quantization.files.map((file) => ({ ...file, sha256: 'e'.repeat(64) })) }] }),
    'library.renewal': () => ({ bytes: 11_000_000 }),
  });
  const id = `${detail.id}/${quantization.id}`;
  const files = quantization.files.map(({ path, size }) => ({ path: `${detail.id}/${path}`, size, sha256: 'f'.repeat(64) }));
  fake.library.push([libraryModel({ id, files, hub: { repo: detail.id, commit: detail.commit, path: quantization.id } })]);
  fake.engine.push({ status: 'ready', modelId: id, asked: defaultLoadSettings, answering: false, model: loadedModel(id) });
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: /^Details of/ }));
  await user.click(await screen.findByRole('button', { name: 'Check for updates' }));
  await screen.findByRole('button', { name: /^Download it, / });
  screen.getByText('It is loaded. Eject it, then it can be updated.');
  expect(screen.getByRole('button', { name: 'Update, 11.0 MB' }).hasAttribute('data-disabled')).toBe(true);
  fake.engine.push({ status: 'idle' });
  await waitFor(() => expect(screen.queryByText(/^It is loaded/)).toBeNull());
  await user.click(screen.getByRole('button', { name: 'Update, 11.0 MB' }));
  await screen.findByText(/has the description of the Hub now$/);
  expect(inputs(fake, 'library.renew')).toEqual([{ id }]);
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  expect(inputs(fake, 'library.undoRenewal')).toEqual([{ id }]);
});
