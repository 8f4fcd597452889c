/** What is said below a model's row. */
import { cleanup, render, screen } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import type { EngineState, LadderStep } from '../../../shared/schemas/engine.ts';
import { defaultLoadSettings } from '../../../shared/schemas/memory.ts';
import { createI18n } from '../../i18n.ts';
import { createStores, StoresContext } from '../../stores/index.ts';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { EngineNotes } from './EngineNotes.tsx';

afterEach(cleanup);

function show(state: EngineState) {
  const fake = createFakeCore();
  fake.engine.push(state);
  const stores = createStores(fake.client);
  render(
    <I18nextProvider i18n={createI18n('en')}>
      <StoresContext value={stores}>
        <EngineNotes id="a" name="Tiny" />
      </StoresContext>
    </I18nextProvider>,
  );
  return { fake, stores, user: userEvent.setup() };
}

const steps: LadderStep[] = [
  { change: 'context', from: 16384, to: 8192, why: 'gpu' },
  { change: 'backend', from: 'vulkan', to: 'cpu', why: 'device' },
];
const ready = (more: object) =>
  ({ status: 'ready', modelId: 'a', asked: { ...defaultLoadSettings, contextSize: 8192 }, answering: false, model: {}, ...more }) as EngineState;

test('what had to give way is told with its reason, and can be asked for again', async () => {
  const { fake, user } = show(ready({ steps }));
  await screen.findByText('smaller context (16,384 → 8,192 tokens): not enough video memory');
  screen.getByText('the processor instead of Vulkan: the graphics card failed');
  screen.getByText(/did not load as asked/);
  await user.click(screen.getByRole('button', { name: 'Load Tiny as asked' }));
  expect(fake.calls.findLast(({ method }) => method === 'engine.load')?.input).toEqual({
    id: 'a',
    afresh: true,
    settings: { ...defaultLoadSettings, contextSize: 8192 },
  });
});

test('a model that the system did not let be locked says so, whichever answers', async () => {
  show(ready({ modelId: 'b', others: [{ modelId: 'a', model: { unlocked: true }, answering: false }] }));
  await screen.findByText(/could not be locked in memory/);
});

test('what of the settings does not hold is told with what helps', async () => {
  const unmet = [
    { setting: 'slots', why: 'cmake' },
    { setting: 'cards', why: 'cmake' },
  ];
  show(ready({ unmet }));
  await screen.findByText(/CMake is missing\. Install it.* Until then: one answer at a time and layers split by the memory that is free\.$/);
});

test('a plan from the last time is said to be one', async () => {
  show(ready({ steps, remembered: true }));
  await screen.findByText(/as worked the last time/);
});

test('a model that loaded as asked has nothing to say', () => {
  show(ready({}));
  expect(screen.queryByRole('button')).toBeNull();
});

test('a failure gives its sentence, what was tried, and the last lines one click away', async () => {
  const { user } = show({
    status: 'failed',
    modelId: 'a',
    error: { code: 'engine.crashed', message: '', data: { cause: 'deviceLost' } },
    steps,
    lastLines: ['ggml_vulkan: device lost', 'terminate called'],
  });
  await screen.findByText(/graphics card stopped answering/);
  screen.getByText('Tried in vain:');
  const lines = screen.getByText(/ggml_vulkan: device lost/);
  expect(lines.closest('details')?.open).toBe(false);
  await user.click(screen.getByText("llama.cpp's last lines"));
  expect(lines.closest('details')?.open).toBe(true);
});

test('what came back is told, and why the model went', async () => {
  show({ status: 'idle', last: 'a', ejected: [{ modelId: 'a', freed: { ram: 2 ** 30, gpu: 2 ** 31 }, unusedMinutes: 30 }] });
  await screen.findByText('Ejected after 30 minutes without use: 1.0 GB of RAM and 2.0 GB of video memory came back. The next message loads it again.');
  cleanup();
  show({ status: 'idle', last: 'a', ejected: [{ modelId: 'a', freed: { ram: 2 ** 30 } }] });
  await screen.findByText('Ejected: 1.0 GB of RAM came back.');
});

test('what went to make room is told of the model that needed it, in one sentence, before and after what came back is known', async () => {
  const gone = (modelId: string, freed?: { ram: number; gpu?: number }) => ({ modelId, forRoom: true, ...(freed && { freed }) });
  const { fake } = show(ready({ ejected: [gone('x/llama.gguf', { ram: 2 ** 30 }), gone('y/gemma.gguf')] }));
  await screen.findByText('llama.gguf and gemma.gguf were ejected to make room.');
  fake.engine.push(ready({ ejected: [gone('x/llama.gguf', { ram: 2 ** 30 }), gone('y/gemma.gguf', { ram: 2 ** 29, gpu: 2 ** 31 })] }));
  await screen.findByText('llama.gguf and gemma.gguf were ejected to make room: 1.5 GB of RAM and 2.0 GB of video memory came back.');
  fake.engine.push(ready({ ejected: [gone('x/llama.gguf', { ram: 2 ** 30 })] }));
  await screen.findByText('llama.gguf was ejected to make room: 1.0 GB of RAM came back.');
});

test('one that went while another answers is not said to be loaded by the next message', async () => {
  show({ ...ready({ ejected: [{ modelId: 'a', freed: { ram: 2 ** 30 }, unusedMinutes: 1 }] }), modelId: 'b' } as EngineState);
  await screen.findByText('Ejected after 1 minute without use: 1.0 GB of RAM came back.');
});
