/** A part of the frame that breaks says so in its place, and the rest of the page goes on. */
import { act, cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Stores } from '../stores/index.ts';
import { createFakeCore } from '../testing/fakeCore.ts';
import { renderApp } from '../testing/renderApp.tsx';
import { downloadJob, libraryModel } from '../testing/samples.ts';

// React tells every error that a boundary caught.
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const model = libraryModel();
let isBroken = true;
/** What cannot be read while it is broken. */
const bug = (): never => {
  throw new Error('A bug');
};
const broken = <T extends object>(whole: T, property: keyof T): T =>
  Object.defineProperty({ ...whole }, property, { get: () => (isBroken ? bug() : whole[property]) });

const faults: Record<string, { fault(stores: Stores): void; works(): Promise<unknown> }> = {
  sidebar: {
    fault: ({ downloads }) => downloads.setState({ jobs: [broken(downloadJob(), 'state')] }),
    works: () => screen.findByRole('link', { name: 'Downloads 1 running' }),
  },
  'status strip': {
    fault: ({ hub }) => hub.setState({ status: broken({ endpoint: 'https://huggingface.co', sample: true, token: false }, 'sample') }),
    works: () => screen.findByText('Sample hub'),
  },
  palette: {
    fault({ library, ui }) {
      library.setState({ models: [broken(model, 'problem')] });
      ui.getState().setPalette(true);
    },
    works: () => screen.findByRole('option', { name: 'Load Qwen3.5 9B Q4_K_M' }),
  },
  'load panel': {
    fault({ loadPrices, ui }) {
      loadPrices.setState({ ask: () => (isBroken ? bug() : Promise.resolve()) });
      ui.getState().openLoadPanel(model.id);
    },
    works: () => screen.findByRole('button', { name: 'Load' }),
  },
};

test.each(Object.entries(faults))('%s: a fault is said there, the rest goes on, and it can be opened again', async (_, { fault, works }) => {
  isBroken = true;
  const fake = createFakeCore();
  fake.library.push([model]);
  const { user, stores } = renderApp(fake, 'settings');
  await waitFor(() => expect(stores.library.getState().models).toHaveLength(1));
  act(() => fault(stores));
  const said = await screen.findByRole('alert');
  expect(said.textContent).toContain('This part of the app ran into a problem.');
  await screen.findByText('7.4 GB free of 8.0 GB');
  isBroken = false;
  await user.click(within(said).getByRole('button', { name: 'Open again' }));
  await works();
  expect(screen.queryByRole('alert')).toBeNull();
});
