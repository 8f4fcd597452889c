/** The page of downloads over a fake core. */
import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { downloadJob } from '../../testing/samples.ts';

afterEach(cleanup);

const three = [
  downloadJob({ label: 'Q4_K_M' }),
  downloadJob({ id: 'd2', label: 'Q6_K', state: 'queued', rate: 0, secondsLeft: null }),
  downloadJob({ id: 'd3', label: 'Q8_0', state: 'queued', rate: 0, secondsLeft: null }),
];
const rows = (): string[] => [...screen.getByRole('list', { name: 'Downloads' }).children].map((row) => /Q\d_\w/.exec(row.textContent)![0]);

test('rows are moved with the arrow keys; the focus stays with them and the new place is said', async () => {
  const fake = createFakeCore();
  fake.downloads.push(three);
  const { user } = renderApp(fake, 'downloads');
  const last = await screen.findByRole('button', { name: /^Move Qwen3.5-4B-GGUF Q8_0/ });
  last.focus();
  await user.keyboard('{ArrowUp}');
  await waitFor(() => expect(rows()).toEqual(['Q4_K', 'Q8_0', 'Q6_K']));
  expect(screen.getByRole('button', { name: /^Move Qwen3.5-4B-GGUF Q8_0/ })).toBe(document.activeElement);
  expect(await screen.findByText('Qwen3.5-4B-GGUF Q8_0 is now 2 of 3')).toBeTruthy();
  await user.keyboard('{ArrowUp}');
  await waitFor(() => expect(rows()).toEqual(['Q8_0', 'Q4_K', 'Q6_K']));
  const moves = fake.calls.length;
  await user.keyboard('{ArrowUp}');
  expect(fake.calls).toHaveLength(moves);
  await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}');
  await waitFor(() => expect(rows()).toEqual(['Q4_K', 'Q6_K', 'Q8_0']));
});

test('all are paused and resumed together', async () => {
  const fake = createFakeCore();
  fake.downloads.push(three);
  const { user } = renderApp(fake, 'downloads');
  const resume = await screen.findByRole('button', { name: 'Resume all' });
  expect(resume).toHaveProperty('disabled', true);
  await user.click(screen.getByRole('button', { name: 'Pause all' }));
  await waitFor(() => expect(fake.downloads.value.map(({ state }) => state)).toEqual(['paused', 'paused', 'paused']));
  await user.click(resume);
  await waitFor(() => expect(fake.downloads.value[0]!.state).toBe('running'));
});

test.each([
  ['Reconnecting (2)', { reconnecting: 2, rate: 0, secondsLeft: null }],
  ['Downloading', { reconnecting: 1 }],
  ['Waiting for the server', { rate: 0, secondsLeft: null }],
  ['Verifying', { state: 'verifying', verified: 700_000_000 }],
  ['Waiting until', { state: 'queued', waiting: { for: 'schedule', until: new Date(2026, 10, 22, 23, 0).toISOString() } }],
  ['Waiting for mmproj-F16.gguf, which another download fetches', { state: 'queued', waiting: { for: 'file', path: 'x/mmproj-F16.gguf' } }],
  ['Waiting for room', { state: 'paused', error: { code: 'download.diskLow', message: '', data: { missing: 3e9 } } }],
] as const)('a row says "%s"', async (words, more) => {
  const fake = createFakeCore();
  fake.downloads.push([downloadJob(more)]);
  renderApp(fake, 'downloads');
  expect((await screen.findByText(/ · .* of 4\.2 GB/)).textContent.startsWith(words)).toBe(true);
});

test('a download of another hub goes on from this one only when told to', async () => {
  const fake = createFakeCore();
  fake.downloads.push([downloadJob({ state: 'queued', waiting: { for: 'hub', endpoint: 'https://hf-mirror.com' } })]);
  const { user } = renderApp(fake, 'downloads');
  await user.click(await screen.findByRole('button', { name: 'Continue from huggingface.co' }));
  expect(fake.calls.at(-1)).toEqual({ method: 'downloads.resume', input: { id: 'd1', here: true } });
});

test('a file that was replaced: the new version, or none', async () => {
  const fake = createFakeCore();
  const changed = { code: 'download.changed', message: '', data: { file: 'Qwen3.5-4B-Q6_K.gguf' } } as const;
  fake.downloads.push([downloadJob({ state: 'failed', error: changed })]);
  const { user } = renderApp(fake, 'downloads');
  expect((await screen.findByRole('alert')).textContent).toContain('was replaced on the hub');
  expect(screen.queryByRole('button', { name: /^Resume Qwen/ })).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Remove' }));
  await user.click(await screen.findByRole('button', { name: 'Keep it' }));
  await user.click(screen.getByRole('button', { name: 'Get the new version' }));
  await waitFor(() => expect(fake.downloads.value[0]!.state).toBe('running'));
});

test('its files are told on demand; limits are settings', async () => {
  const fake = createFakeCore();
  fake.downloads.push([downloadJob()]);
  const { user } = renderApp(fake, 'downloads');
  await user.click(await screen.findByText('2 files'));
  expect(screen.getByText('mmproj-F16.gguf')).toBeTruthy();
  await user.click(screen.getByRole('switch', { name: 'Only at certain hours' }));
  await waitFor(() => expect(fake.settings.value.downloads.schedule.on).toBe(true));
  await user.click(screen.getByRole('combobox', { name: 'Speed limit' }));
  await user.click(await screen.findByRole('option', { name: /^5\.0 MB/ }));
  await waitFor(() => expect(fake.settings.value.downloads.bytesPerSecond).toBe(5_000_000));
});
