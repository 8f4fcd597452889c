/** From a search to a download, as a person sees it. */
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Fault } from '../../../shared/result.ts';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { commit, downloadJob, fakeEstimate, libraryModel, modelDetail, searchModels } from '../../testing/samples.ts';

afterEach(cleanup);
const repo = 'unsloth/Qwen3.5-9B-GGUF';
const row = async (label: string): Promise<HTMLElement> =>
  (await screen.findByRole('button', { name: `Show where the memory of ${label} goes` })).closest('tbody')!;

test('search, choose a model, and see what each quantization needs and whether it fits', async () => {
  const { user } = renderApp(createFakeCore(), 'discover');
  await user.type(screen.getByRole('searchbox', { name: 'Search models' }), 'gemma');
  await waitFor(() => expect(screen.getAllByRole('link', { name: /GGUF/ })).toHaveLength(1));
  await user.clear(screen.getByRole('searchbox', { name: 'Search models' }));
  await user.click(await screen.findByRole('link', { name: /Qwen3.5-9B-GGUF/ }));

  const q4 = await row('Q4_K_M');
  await within(q4).findByText('Tight');
  expect(within(q4).getByText('7.1 GB')).toBeTruthy();
  expect(within(q4).getByText('6.6 GB')).toBeTruthy();
  expect(within(q4).getByText('good')).toBeTruthy();
  expect(within(await row('BF16')).getByText('Partly on GPU: 12 of 33 layers')).toBeTruthy();
  expect(within(await row('UD-IQ3_XXS')).getByText(/^about/)).toBeTruthy();
});

test('moving the context asks anew for the rows and shows the new number', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'discover', repo);
  const q2 = await row('Q2_K');
  await within(q2).findByText('4.7 GB');
  screen.getByRole('slider', { name: 'Context' }).focus();
  await user.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}{ArrowRight}');
  await within(q2).findByText('5.2 GB');
  expect(screen.getByText('32,768 tokens')).toBeTruthy();
  expect(screen.getByText('Needs at 32k')).toBeTruthy();
});

test('a row opens to the parts of its memory and says for which settings they hold', async () => {
  const { user } = renderApp(createFakeCore(), 'discover', repo);
  await within(await row('Q4_K_M')).findByText('Tight');
  await user.click(screen.getByRole('button', { name: /memory of Q4_K_M/ }));
  const table = screen.getByRole('table', { name: 'Memory of Q4_K_M' });
  expect(within(table).getByRole('row', { name: 'KV cache 512 MB –' })).toBeTruthy();
  expect(within(table).getByRole('row', { name: 'Free now 7.4 GB 21.3 GB' })).toBeTruthy();
  expect(screen.getByText(/Holds for 16,384 tokens of context, cache f16, flash attention on, vision on, 33 of 33 layers/)).toBeTruthy();
});

test('download starts the job, shows its progress, and becomes Load when the model is there', async () => {
  const quantization = 'Qwen3.5-9B-Q4_K_M.gguf';
  const fake = createFakeCore({
    'downloads.start'({ repo, quantization }) {
      const job = downloadJob({ id: 'd9', repo, quantization, label: 'Q4_K_M' });
      fake.downloads.push([job]);
      return job;
    },
  });
  const { user } = renderApp(fake, 'discover', repo);
  await user.click(await screen.findByRole('button', { name: 'Download Q4_K_M, 6.6 GB' }));
  expect(fake.calls).toContainEqual({ method: 'downloads.start', input: { repo, commit, quantization } });
  const bar = await screen.findByRole('progressbar', { name: 'Download of Q4_K_M' });
  expect(bar.getAttribute('aria-valuenow')).toBe('33.3');

  await user.click(screen.getByRole('button', { name: 'Pause the download of Q4_K_M' }));
  await screen.findByRole('button', { name: 'Resume the download of Q4_K_M' });

  fake.downloads.push([]);
  fake.library.push([libraryModel()]);
  await user.click(await screen.findByRole('button', { name: 'Load Q4_K_M' }));
  await waitFor(() =>
    expect(fake.calls.find(({ method }) => method === 'engine.load')?.input).toMatchObject({
      id: `${repo}/${quantization}`,
      settings: { contextSize: 16_384 },
    }),
  );
});

test('a hub that cannot be reached says so, keeps the results, and offers the sample hub', async () => {
  let gone = false;
  const fake = createFakeCore({
    'hub.search'() {
      if (gone) throw new Fault('hub.unreachable', 'raw', { endpoint: 'https://huggingface.co' });
      return { models: searchModels };
    },
  });
  const { user } = renderApp(fake, 'discover');
  await screen.findByRole('link', { name: /Qwen3.5-4B-GGUF/ });
  gone = true;
  await user.type(screen.getByRole('searchbox', { name: 'Search models' }), 'x{Enter}');
  await screen.findByText(/huggingface\.co cannot be reached/);
  expect(screen.getByRole('link', { name: /Qwen3.5-4B-GGUF/ })).toBeTruthy();
  expect(screen.getByText('Hub offline')).toBeTruthy();

  gone = false;
  await user.click(screen.getByRole('button', { name: 'Use the sample hub' }));
  await screen.findByText(/The sample hub stands in for Hugging Face/);
  await waitFor(() => expect(screen.queryByText(/cannot be reached/)).toBeNull());
  await user.click(screen.getByRole('button', { name: 'Use Hugging Face again' }));
  await waitFor(() => expect(fake.hub.value.sample).toBe(false));
});

test('a gated model names the page where its terms are', async () => {
  const url = 'https://huggingface.co/ggml-org/gemma-3-12b-it-GGUF';
  const fake = createFakeCore({
    'hub.model'() {
      throw new Fault('hub.gated', 'raw', { repo: 'ggml-org/gemma-3-12b-it-GGUF', url });
    },
  });
  renderApp(fake, 'discover', 'ggml-org/gemma-3-12b-it-GGUF');
  expect((await screen.findByRole('link', { name: 'Open the model\u2019s page'.replace('\u2019', "'") })).getAttribute('href')).toBe(url);
});

test('what cannot be priced or run says why, beside the rows that can', async () => {
  const fake = createFakeCore({
    'hub.model'({ repo }) {
      const detail = modelDetail(searchModels[0]!);
      return {
        ...detail,
        id: repo,
        quantizations: detail.quantizations.map((each) => (each.label === 'Q8_0' ? { ...each, unsupported: 'incomplete' } : each)),
      };
    },
    'memory.estimate'({ source, settings }) {
      if (source.kind === 'hub' && source.quantization.includes('BF16'))
        throw new Fault('gguf.architecture', 'raw', { file: 'x/m.gguf', architecture: 'newmodel' });
      return fakeEstimate(source, settings);
    },
  });
  renderApp(fake, 'discover', repo);
  await screen.findByText(/does not know the architecture "newmodel" of m\.gguf/);
  const broken = screen.getByText('A part is missing on the hub').closest('tbody')!;
  expect(within(broken).queryByRole('button', { name: /^Download/ })).toBeNull();
  expect(within(await row('Q4_K_M')).getByText('Tight')).toBeTruthy();
});

test('arrow keys move through the results', async () => {
  const { user } = renderApp(createFakeCore(), 'discover');
  await screen.findByRole('link', { name: /Qwen3.5-9B-GGUF/ });
  screen.getByRole('searchbox', { name: 'Search models' }).focus();
  await user.keyboard('{ArrowDown}');
  expect(document.activeElement?.textContent).toContain('Qwen3.5-9B');
  await user.keyboard('{ArrowDown}');
  await waitFor(() => expect(document.activeElement?.textContent).toContain('Qwen3.5-4B'));
  await user.keyboard('{End}');
  await waitFor(() => expect(document.activeElement?.textContent).toContain('Tiny-Qwen3.5-VL'));
});
