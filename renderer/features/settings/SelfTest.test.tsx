/** The self-test as a person sees it: backends, why not, and a report to copy. */
import { cleanup, screen, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { selfTestReport } from '../../testing/samples.ts';

afterEach(cleanup);

test('each backend says whether it is used and why not; a report can be copied', async () => {
  const { user } = renderApp(createFakeCore(), 'settings');
  await user.click(await screen.findByRole('button', { name: 'Run the self-test' }));
  const list = await screen.findByRole('list', { name: 'Self-test' });
  const [cuda, vulkan, cpu] = within(list).getAllByRole('listitem');
  expect(cuda!.textContent).toContain('CUDAworks, used by itself· NVIDIA GeForce RTX 4060');
  expect(within(cuda!).getByRole('row', { name: 'llama-server: passed 812 ms 1,843 tokens/s recognized' })).toBeTruthy();
  expect(within(cuda!).getByRole('row', { name: 'node-llama-cpp: passed 640 ms 1,721 tokens/s text only' })).toBeTruthy();
  expect(vulkan!.textContent).toContain('it finds no graphics card with a driver');
  expect(cpu!.textContent).toContain('CMake is missing');
  await user.click(screen.getByRole('button', { name: 'Copy report' }));
  expect(JSON.parse(await navigator.clipboard.readText())).toEqual(selfTestReport);
});

test('it can be stopped, which ends it in the core', async () => {
  let stopped = false;
  const fake = createFakeCore({
    async *'engine.selfTest'(_, { signal }) {
      yield { done: false, backends: [{ backend: 'cpu', state: 'running', runs: [] }] };
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      stopped = true;
    },
  });
  const { user } = renderApp(fake, 'settings');
  await user.click(await screen.findByRole('button', { name: 'Run the self-test' }));
  await screen.findByText('running…');
  await user.click(screen.getByRole('button', { name: 'Stop' }));
  await screen.findByRole('button', { name: 'Run again' });
  expect(stopped).toBe(true);
});
