/** Several loaded models, as a person deals with them. */
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import type { Core } from '../../shared/contract/core.ts';
import { Fault } from '../../shared/result.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { defaultLoadSettings } from '../../shared/schemas/memory.ts';
import { createFakeCore } from '../testing/fakeCore.ts';
import { renderApp } from '../testing/renderApp.tsx';
import { hardware, libraryModel, loadedModel } from '../testing/samples.ts';

afterEach(cleanup);
const qwen = libraryModel();
const tiny = libraryModel({ id: 'tiny/Tiny/Tiny-Q8_0.gguf', name: 'Tiny', label: 'Q8_0' });
const third = libraryModel({ id: 'third/Third-Q2_K.gguf', name: 'Third', label: 'Q2_K' });
const strip = (): HTMLElement => screen.getByRole('region', { name: 'Status' });

/** Qwen answers, Tiny is loaded beside it. */
function two(answering = false, overrides: Partial<Handlers<Core>> = {}) {
  const fake = createFakeCore(overrides);
  fake.library.push([qwen, tiny, third]);
  const others = [{ modelId: tiny.id, asked: { ...defaultLoadSettings, contextSize: 4096 }, model: loadedModel(tiny.id), answering }];
  fake.engine.push({ status: 'ready', modelId: qwen.id, asked: defaultLoadSettings, answering: false, model: loadedModel(qwen.id), others });
  return fake;
}
const loads = (fake: ReturnType<typeof two>) => fake.calls.filter(({ method }) => method === 'engine.load').map(({ input }) => input);
const unloads = (fake: ReturnType<typeof two>) => fake.calls.filter(({ method }) => method === 'engine.unload').map(({ input }) => input);

test('the strip lists the loaded models with their memory; a click lets one answer, each can be ejected', async () => {
  const fake = two(true);
  const { user } = renderApp(fake, 'models');
  await user.click(await within(strip()).findByRole('button', { name: '2 models loaded' }));
  const list = await screen.findByRole('list', { name: '2 models loaded' });
  const front = within(list).getByRole('button', { pressed: true });
  const other = within(list).getByRole('button', { pressed: false });
  expect(front.textContent).toMatch(/^Qwen3\.5 9B Q4_K_MGPU: 7\.\d GB.*Answers the next message$/);
  expect(other.textContent).toMatch(/^Tiny Q8_0GPU: \d.*RAM: .*Answering$/);
  await user.click(other);
  await within(strip()).findByRole('button', { name: 'Loaded model: Tiny Q8_0. Change it' });
  expect(loads(fake)).toEqual([{ id: tiny.id }]);
  await user.click(within(list).getByRole('button', { name: 'Eject Qwen3.5 9B Q4_K_M' }));
  await waitFor(() => expect(screen.queryByRole('button', { name: '2 models loaded' })).toBeNull());
  within(strip()).getByRole('button', { name: 'Loaded model: Tiny Q8_0. Change it' });
});

test('the focus stays in the strip when the list goes because one was ejected by keyboard', async () => {
  const { user } = renderApp(two(), 'models');
  (await within(strip()).findByRole('button', { name: '2 models loaded' })).focus();
  await user.keyboard('{Enter}');
  const list = within(await screen.findByRole('dialog'));
  list.getByRole('button', { name: 'Eject Tiny Q8_0' }).focus();
  await user.keyboard('{Enter}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await waitFor(() => expect(document.activeElement).toBe(within(strip()).getByRole('button', { name: /^Loaded model: Qwen/ })));
});

test('a list that is closed gives the focus back to its button', async () => {
  const { user } = renderApp(two(), 'models');
  const button = await within(strip()).findByRole('button', { name: '2 models loaded' });
  button.focus();
  await user.keyboard('{Enter}');
  await screen.findByRole('dialog');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(button));
});

test('all are ejected at once, the one that answers last', async () => {
  const fake = two();
  const { user } = renderApp(fake, 'models');
  await user.click(await within(strip()).findByRole('button', { name: '2 models loaded' }));
  await user.click(await screen.findByRole('button', { name: 'Eject all' }));
  await within(strip()).findByText('No model loaded');
  expect(unloads(fake)).toEqual([{ id: tiny.id }, { id: qwen.id }]);
});

test('the memory of other models is a part of the bar', async () => {
  renderApp(two(), 'models');
  const bar = await within(strip()).findByRole('meter', { name: hardware.gpus[0]! });
  await waitFor(() => expect(bar.getAttribute('aria-valuetext')).toMatch(/; Other models 7\.\d GB; Weights 5\.3 GB;/));
});

test('the menu of the strip chooses among those that are loaded and loads others', async () => {
  const fake = two();
  const { user } = renderApp(fake, 'models');
  await user.click(await within(strip()).findByRole('button', { name: /^Loaded model/ }));
  const choices = await screen.findByRole('group', { name: 'Answers the next message' });
  expect(
    within(choices)
      .getByRole('menuitemradio', { name: /^Qwen3\.5 9B/ })
      .getAttribute('aria-checked'),
  ).toBe('true');
  expect(screen.getAllByRole('menuitem').map((each) => each.textContent)).toEqual([expect.stringMatching(/^Third/), 'Load with other settings…', 'All models']);
  await user.click(within(choices).getByRole('menuitemradio', { name: /^Tiny/ }));
  await within(strip()).findByRole('button', { name: 'Loaded model: Tiny Q8_0. Change it' });
});

test('a model that was loaded with settings of its own is chosen as it is', async () => {
  const fake = two();
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: 'Answer with Tiny Q8_0' }));
  await within(strip()).findByRole('button', { name: /^Loaded model: Tiny/ });
  expect(loads(fake)).toEqual([{ id: tiny.id }]);
});

test('rows mark what is loaded and what answers; what is loaded cannot be deleted', async () => {
  const fake = two();
  const { user } = renderApp(fake, 'models');
  const row = (name: string) => screen.getByText(name).closest('li')!;
  await screen.findByText('Answers');
  within(row('Qwen3.5 9B')).getByText('Answers');
  within(row('Tiny')).getByText('Loaded');
  within(row('Tiny')).getByText(/^GPU: \d/);
  expect(within(row('Qwen3.5 9B')).queryByRole('button', { name: /^Answer with/ })).toBeNull();
  expect(screen.getByRole('button', { name: 'Tiny Q8_0 is loaded. Eject it to delete it' }).getAttribute('aria-disabled')).toBe('true');
  screen.getByRole('button', { name: 'Delete Third Q2_K' });
  await user.click(screen.getByRole('button', { name: 'Answer with Tiny Q8_0' }));
  await waitFor(() => within(row('Tiny')).getByText('Answers'));
  await user.click(within(row('Qwen3.5 9B')).getByRole('button', { name: 'Eject Qwen3.5 9B Q4_K_M' }));
  await waitFor(() => within(row('Tiny')).getByText('Loaded'));
  expect(unloads(fake)).toEqual([{ id: qwen.id }]);
});

test('a model that is answering and would have to go is named', async () => {
  const fake = two(true, {
    'engine.load'() {
      throw new Fault('engine.busy', 'raw', { modelId: tiny.id });
    },
  });
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: 'Load Third Q2_K' }));
  const words = 'Tiny Q8_0 is answering and would have to go. Stop it, or wait until it is done, then load again.';
  expect((await screen.findAllByText(words)).length).toBeGreaterThan(0);
});

test('the palette lets another one answer and ejects one or all', async () => {
  const fake = two();
  const { user } = renderApp(fake, 'models');
  await screen.findByText('Answers');
  const command = async (text: string) => {
    await user.keyboard('{Control>}k{/Control}');
    await user.type(await screen.findByRole('combobox', { name: 'Go to or do' }), text);
    await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(1));
    await user.keyboard('{Enter}');
  };
  await command('answer with tiny');
  await within(strip()).findByRole('button', { name: 'Loaded model: Tiny Q8_0. Change it' });
  await command('eject all');
  await within(strip()).findByText('No model loaded');
});
