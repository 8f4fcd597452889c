/** From a search to a download, as a person sees it. */
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Fault } from '../../../shared/result.ts';
import { defaultLoadSettings } from '../../../shared/schemas/memory.ts';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { cards, commit, downloadJob, fakeEstimate, libraryModel, modelDetail, modelTraits, searchModels } from '../../testing/samples.ts';

afterEach(cleanup);
const repo = 'unsloth/Qwen3.5-9B-GGUF';
const row = async (label: string): Promise<HTMLElement> =>
  (await screen.findByRole('button', { name: `Show where the memory of ${label} goes` })).closest('tbody')!;

test('search, choose a model, and see what each quantization needs and whether it fits', async () => {
  const { user } = renderApp(createFakeCore(), 'discover');
  await user.type(screen.getByRole('searchbox', { name: 'Search models' }), 'gemma');
  await waitFor(() => expect(screen.getAllByRole('link', { name: /GGUF/ })).toHaveLength(1));
  await user.clear(screen.getByRole('searchbox', { name: 'Search models' }));
  await user.click(await screen.findByRole('link', { name: 'Qwen3.5 9B, unsloth/Qwen3.5-9B-GGUF' }));

  const q4 = await row('Q4_K_M');
  await within(q4).findByText('Tight');
  expect(within(q4).getByText('7.1 GB')).toBeTruthy();
  expect(within(q4).getByText('6.6 GB')).toBeTruthy();
  expect(within(q4).getByText('good')).toBeTruthy();
  expect(within(await row('BF16')).getByText('Partly on GPU: 12 of 33 layers')).toBeTruthy();
  expect(within(await row('UD-IQ3_XXS')).getByText(/^~/)).toBeTruthy();
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
  expect(
    screen.getByText(/Holds for 16,384 tokens of context, cache f16, flash attention on, vision on, 33 of 33 layers on the GPU, batch 512\./),
  ).toBeTruthy();
});

test('an opened row names the other programs on the GPU, the largest first', async () => {
  const programs = ['game', 'browser', 'desktop', 'mail', 'notes', 'clock'].map((name, index) => ({ name, bytes: (6 - index) * 256 * 2 ** 20 }));
  const { user } = renderApp(createFakeCore({ 'hardware.programs': () => programs }), 'discover', repo);
  await within(await row('Q4_K_M')).findByText('Tight');
  await user.click(screen.getByRole('button', { name: /memory of Q4_K_M/ }));
  await screen.findByText('Other programs on the GPU: game 1.5 GB, browser 1.3 GB, desktop 1.0 GB, mail 768 MB, 2 more.');
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
    async *'hub.search'() {
      if (gone) throw new Fault('hub.unreachable', 'raw', { endpoint: 'https://huggingface.co' });
      yield { models: searchModels };
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

test('arrow keys move over families, left and right over sizes, and Enter opens', async () => {
  const { user } = renderApp(createFakeCore(), 'discover');
  await screen.findByRole('link', { name: /Qwen3.5-9B-GGUF/ });
  screen.getByRole('searchbox', { name: 'Search models' }).focus();
  const at = (name: RegExp) => waitFor(() => expect(document.activeElement?.getAttribute('aria-label')).toMatch(name));
  // The largest that fits is the one to begin with.
  await screen.findByText(/fits: 9B to Q4_K_M, 4B to Q8_0/);
  await user.keyboard('{ArrowDown}');
  await at(/^Qwen3.5 9B, unsloth/);
  await user.keyboard('{ArrowRight}');
  await at(/^Qwen3.5 4B/);
  await user.keyboard('{ArrowDown}');
  await at(/^gemma-3 12B/);
  await user.keyboard('{End}');
  await at(/^Tiny-Qwen3.5-VL, tiny/);
  await user.keyboard('{Home}');
  await at(/^Qwen3.5 9B/);
  await user.keyboard('{ArrowLeft}');
  await at(/^Qwen3.5 35B-A3B/);
  await user.keyboard('{Enter}');
  await screen.findByRole('heading', { name: 'Qwen3.5 35B-A3B' });
});

test('what llama.cpp does not know is greyed and says why', async () => {
  renderApp(createFakeCore(), 'discover');
  await screen.findByText('This llama.cpp does not know the architecture mistral5');
  expect(screen.getByRole('link', { name: /Mistral-Small.*cannot be run/ })).toBeTruthy();
});

test('a size may be had from another publisher', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'discover', repo);
  await user.click(await screen.findByRole('button', { name: /^from unsloth\/Qwen3.5-9B-GGUF/ }));
  await user.click(await screen.findByRole('menuitem', { name: /bartowski/ }));
  await waitFor(() => expect(fake.calls).toContainEqual({ method: 'hub.model', input: { repo: 'bartowski/Qwen_Qwen3.5-9B-GGUF' } }));
  expect(screen.getByRole('link', { name: /^Qwen3.5 9B/ }).getAttribute('aria-current')).toBe('true');
});

test('filters leave what is known to be so; each can be taken away, and all of them', async () => {
  const release = Promise.withResolvers<void>();
  const fake = createFakeCore({
    async 'hub.traits'({ repo }) {
      await release.promise;
      return modelTraits(searchModels.find(({ id }) => id === repo)!);
    },
  });
  const { user } = renderApp(fake, 'discover');
  await screen.findByRole('link', { name: /Qwen3.5-35B-A3B-GGUF/ });
  await user.click(screen.getByRole('button', { name: 'Fits this computer' }));
  const status = screen.getAllByRole('status').find((each) => each.textContent?.includes('models'))!;
  expect(status.textContent).toContain('checking');
  expect(screen.getByRole('link', { name: /Qwen3.5-35B-A3B-GGUF/ })).toBeTruthy();
  release.resolve();
  await waitFor(() => expect(screen.queryByRole('link', { name: /Qwen3.5-35B-A3B-GGUF/ })).toBeNull());
  await waitFor(() => expect(screen.queryByRole('link', { name: /Mistral/ })).toBeNull());
  expect(status.textContent).not.toContain('checking');
  expect(screen.getByRole('link', { name: /Qwen3.5-9B-GGUF/ })).toBeTruthy();

  await user.click(screen.getByRole('button', { name: 'More filters' }));
  await user.click(await screen.findByRole('combobox', { name: 'Licence' }));
  await user.click(await screen.findByRole('option', { name: 'Commercial use' }));
  await user.type(screen.getByRole('combobox', { name: 'Publisher' }), 'ggml-org{Enter}');
  await user.keyboard('{Escape}');
  await screen.findByText('No model is like that');
  expect(fake.calls).toContainEqual({ method: 'hub.search', input: { query: '', sort: 'trending', author: 'ggml-org' } });
  await user.click(screen.getByRole('button', { name: 'Remove the filter Commercial use' }));
  await user.click(screen.getByRole('button', { name: 'Fits this computer' }));
  await screen.findByRole('link', { name: /gemma-3-12b/ });
  expect(screen.queryByRole('link', { name: /Tiny/ })).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Clear all' }));
  await screen.findByRole('link', { name: /Tiny/ });

  await user.click(screen.getByRole('combobox', { name: 'Sort' }));
  await user.click(await screen.findByRole('option', { name: 'Likes' }));
  await waitFor(() => expect(fake.calls).toContainEqual({ method: 'hub.search', input: { query: '', sort: 'likes' } }));
});

test('kept results say from when they are, and why nothing newer came', async () => {
  const cachedAt = new Date(Date.now() - 3.5 * 3_600_000).toISOString();
  const end = Promise.withResolvers<void>();
  const fake = createFakeCore({
    async *'hub.search'() {
      yield { models: searchModels, cachedAt };
      await end.promise;
      yield { models: searchModels, cachedAt, problem: { code: 'hub.rateLimited', message: '', data: { seconds: 40 } } };
    },
  });
  renderApp(fake, 'discover');
  await screen.findByText(/results from 3 hours ago/);
  expect(screen.queryByRole('alert')).toBeNull();
  end.resolve();
  expect((await screen.findByRole('alert')).textContent).toContain('40');
  expect(screen.getByText(/showing results from 3 hours ago/)).toBeTruthy();
});

test('before a search, what runs on this machine is shown in groups and opens', async () => {
  const { user } = renderApp(createFakeCore(), 'discover');
  await screen.findByText(/RTX 4060, 8\.0 GB of video memory \(7\.4 GB free\), 32\.0 GB of RAM/);
  const fits = await screen.findByRole('region', { name: 'Fits fully on your GPU' });
  await within(fits).findByText('Qwen3.5 9B');
  expect(within(fits).getByText(/Q4_K_M · needs \d.* GB, 6\.3 GB to download/)).toBeTruthy();
  expect(within(await screen.findByRole('region', { name: 'Fits in memory' })).getByText('gemma-3 12B')).toBeTruthy();
  await waitFor(() => expect(screen.queryByText('Reckoning what fits…')).toBeNull());
  await user.click(within(fits).getByRole('button', { name: 'Open Qwen3.5 9B' }));
  await row('Q4_K_M');
});

test('a name with a quantization opens that model with that row open and focused', async () => {
  const { user } = renderApp(createFakeCore(), 'discover');
  await user.type(screen.getByRole('searchbox', { name: 'Search models' }), `${repo}:q6_k{Enter}`);
  await screen.findByRole('table', { name: 'Memory of Q6_K' });
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Show where the memory of Q6_K goes');
});

test('a row tells the longest context, the speed and the quality with its source', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'discover', repo);
  const q4 = await row('Q4_K_M');
  await within(q4).findByText('62–99 tok/s');
  await within(q4).findByText('26k');
  expect(within(await row('Q4_K_M')).getByText('Best pick')).toBeTruthy();
  const q6 = await row('Q6_K');
  expect(within(q6).getByText('48 tok/s')).toBeTruthy();
  expect(within(q6).getByRole('img', { name: 'measured' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: /memory of Q4_K_M/ }));
  expect(within(q4).getByText('cache f16: 26k, cache q8_0: 50k')).toBeTruthy();
  expect(within(q4).getByText(/^good, divergence from the original \(KLD\) 0\.031, measured by llama\.cpp/)).toBeTruthy();
  expect(within(q4).getByText('4.85')).toBeTruthy();
  expect(
    screen.getByText(/^Q4_K_M \(good\) is the best quality that is fully on your GPU at 16k, but hardly anything is left: it needs 7\.1 GB, 7\.4 GB is free\./),
  ).toBeTruthy();
});

test('limits are asked when the slider rests, and not again for another context', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'discover', repo);
  const asked = () => fake.calls.filter(({ method }) => method === 'memory.limits').length;
  const q4 = await row('Q4_K_M');
  await within(q4).findByText('26k');
  await waitFor(() => expect(asked()).toBe(7));
  screen.getByRole('slider', { name: 'Context' }).focus();
  await user.keyboard('{ArrowRight}{ArrowRight}');
  await within(q4).findByText('7.3 GB');
  await new Promise((resolve) => setTimeout(resolve, 350));
  expect(asked()).toBe(7);
  await user.click(screen.getByRole('button', { name: 'More settings' }));
  await user.click(await screen.findByRole('switch', { name: 'Flash attention' }));
  await waitFor(() => expect(asked()).toBe(14));
});

test('layers on the GPU may be a number', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'discover', repo);
  await within(await row('Q4_K_M')).findByText('Tight');
  await user.click(screen.getByRole('button', { name: 'More settings' }));
  await user.click(await screen.findByRole('combobox', { name: 'GPU layers' }));
  await user.click(await screen.findByRole('option', { name: 'A number' }));
  await user.clear(await screen.findByRole('spinbutton', { name: 'Layers on the GPU' }));
  await user.type(screen.getByRole('spinbutton', { name: 'Layers on the GPU' }), '12');
  await waitFor(() => expect(fake.calls.findLast(({ method }) => method === 'memory.estimate')?.input).toMatchObject({ settings: { gpuLayers: 12 } }));
});

test('the model card shows its facts and its text without fetching or running anything', async () => {
  const { user } = renderApp(createFakeCore(), 'discover', repo);
  await user.click(await screen.findByRole('tab', { name: 'Model card' }));
  const panel = screen.getByRole('tabpanel', { name: 'Model card' });
  await within(panel).findByRole('heading', { name: 'A model' });
  expect(within(panel).getByText('Apache 2.0 (commercial use allowed)')).toBeTruthy();
  expect(within(panel).getByText('Qwen/Qwen3.5-9B')).toBeTruthy();
  expect(within(panel).getByText('English, French, Chinese')).toBeTruthy();
  expect(within(panel).getByText('no problem found by the hub')).toBeTruthy();
  expect(panel.querySelector('img, script')).toBeNull();
  const picture = within(panel).getByRole('link', { name: /Picture: A llama/ });
  expect(picture.getAttribute('href')).toBe('https://example.org/llama.png');
  expect(picture.getAttribute('rel')).toContain('noreferrer');
  expect('cardRan' in window).toBe(false);
});

test('a loaded model shows what was predicted beside what it took', async () => {
  const fake = createFakeCore();
  const { gpu, ram, layers } = fakeEstimate({ kind: 'library', id: libraryModel().id }, defaultLoadSettings);
  fake.library.push([libraryModel()]);
  fake.engine.push({
    status: 'ready',
    modelId: libraryModel().id,
    asked: defaultLoadSettings,
    answering: false,
    predicted: { gpu: { ...gpu, compute: 0 }, ram },
    model: { backend: 'llama-server', settings: defaultLoadSettings, contextSize: 16_384, layers, vision: true, thinking: true, memory: { gpu, ram } },
  });
  const { user } = renderApp(fake, 'models');
  await screen.findByText(/GPU: predicted 6\.77 GB, used 7\.07 GB · RAM: predicted 563 MB, used 563 MB/);
  await user.click(screen.getByRole('button', { name: /^Loaded model/ }));
  expect(await screen.findByText('GPU: predicted 6.77 GB, used 7.07 GB')).toBeTruthy();
});

test('of several cards a row has the bar of the fullest, by which it fits or not, and the recommendation its numbers', async () => {
  const fake = createFakeCore({
    'hardware.cards': () => cards,
    'memory.estimate'({ source, settings }) {
      const needs = [2 ** 30, 3 * 2 ** 30];
      return { ...fakeEstimate(source, settings), verdict: 'no', cards: cards.map((card, at) => ({ ...card, needs: needs[at]! })) };
    },
  });
  renderApp(fake, 'discover', repo);
  const shown = within(await row('Q4_K_M'));
  await shown.findByText('Too large');
  shown.getByText('#2');
  const bar = shown.getByRole('meter', { name: /^NVIDIA GeForce RTX 3090/ });
  expect(bar.getAttribute('aria-valuetext')).toMatch(/: 25\.0 GB needed, 24\.0 GB there; Already in use 22\.0 GB; This model 3\.0 GB$/);
  await screen.findByText(/is the smallest: it needs 3\.0 GB on card #2, 2\.0 GB is free\./);
});

/** A mixture of experts: those of 14 layers of Q4_K_M have to lie in RAM, of 20 of the others, but of none of `fitting`. */
const withExperts = (fitting: string[]) =>
  createFakeCore({
    'memory.estimate'({ source, settings }) {
      const label = source.kind === 'hub' ? source.quantization : source.id;
      const whole = fitting.some((name) => label.includes(name));
      const layers = { total: 25, onGpu: 25, ...(!whole && { expertsInRam: label.includes('Q4_K_M') ? 14 : 20 }) };
      return { ...fakeEstimate(source, settings), basis: whole ? 'exact' : 'about', layers, verdict: whole ? 'fits' : 'partial' };
    },
  });

test('experts that lie in RAM are told by the verdict, the recommendation and the settings that it holds for', async () => {
  const { user } = renderApp(withExperts([]), 'discover', repo);
  await within(await row('Q4_K_M')).findByText('Experts in RAM: 14 of 24 layers');
  await screen.findByText(/Q4_K_M \(good\) loses least by it: all layers are on the GPU, the experts of 14 of 24 in RAM\./);
  await user.click(screen.getByRole('button', { name: /memory of Q4_K_M/ }));
  await screen.findByText(/vision on, all layers on the GPU, the experts of 14 of 24 in RAM, batch 512\. About: asked of llama\.cpp itself/);
});

test('a better one whose experts would not fit is named beside the one that does', async () => {
  renderApp(withExperts(['Q4_K_M', 'IQ3', 'Q2_K']), 'discover', repo);
  await screen.findByText(/Q4_K_M \(good\) is the best quality that is fully on your GPU .* would have the experts of 20 of 24 layers in RAM\./);
});
