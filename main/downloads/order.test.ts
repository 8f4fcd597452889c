/** Who runs and who waits, job by job. */
import { describe, expect, test } from 'vitest';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { type OrderOptions, order } from './order.ts';

const job = (id: string, more: Partial<DownloadJob> = {}): DownloadJob => ({
  id,
  endpoint: 'https://hub',
  repo: 'a/b',
  commit: 'c'.repeat(40),
  label: 'Q8_0',
  quantization: `${id}.gguf`,
  files: [{ path: `${id}.gguf`, size: 10, sha256: id.padEnd(64, '0'), received: 0 }],
  state: 'queued',
  size: 10,
  received: 0,
  verified: 0,
  rate: 0,
  secondsLeft: null,
  reconnecting: 0,
  createdAt: '2026-11-22T09:00:00.000Z',
  ...more,
});
const place = (jobs: DownloadJob[], more: Partial<OrderOptions> = {}) => {
  const { run, wait } = order(jobs, { atOnce: 2, opensAt: undefined, endpoint: 'https://hub', busy: new Set(), isThere: () => false, ...more });
  return { run: [...run].map(({ id }) => id), wait: Object.fromEntries([...wait].map(([{ id }, why]) => [id, why])) };
};
const projector = { path: 'mmproj.gguf', size: 5, sha256: 'f'.repeat(64), received: 0 };
const withProjector = (id: string, more: Partial<DownloadJob> = {}): DownloadJob => job(id, { files: [...job(id).files, projector], ...more });

test('the first of the list run, past those that are paused or ended', () => {
  const jobs = [job('a', { state: 'done' }), job('b'), job('c', { state: 'paused' }), job('d', { state: 'running' }), job('e'), job('f', { state: 'failed' })];
  expect(place(jobs)).toEqual({ run: ['b', 'd'], wait: { e: undefined } });
  expect(place(jobs, { atOnce: 1 })).toEqual({ run: ['b'], wait: { d: undefined, e: undefined } });
});

test('what is being verified keeps its place, whatever comes before it', () => {
  const verifying = job('b', { state: 'verifying' });
  expect(place([job('a'), verifying], { atOnce: 1, busy: new Set([verifying]) })).toEqual({ run: ['b'], wait: { a: undefined } });
});

test('outside the hours all wait for them', () => {
  const opensAt = new Date('2026-11-22T23:00:00.000Z');
  expect(place([job('a')], { opensAt })).toEqual({ run: [], wait: { a: { for: 'schedule', until: '2026-11-22T23:00:00.000Z' } } });
});

test('a job of another hub waits for it and takes nobody place', () => {
  const other = job('a', { endpoint: 'https://mirror' });
  expect(place([other, job('b')], { atOnce: 1 })).toEqual({ run: ['b'], wait: { a: { for: 'hub', endpoint: 'https://mirror' } } });
});

describe('a file that two jobs have', () => {
  /** All of the job but the projector has arrived. */
  const fetched = (each: DownloadJob): DownloadJob => ({
    ...each,
    files: each.files.map((file) => (file === projector ? file : { ...file, received: file.size })),
  });
  const wait = { b: { for: 'file', path: 'mmproj.gguf' } };

  test('is left to one of them by the other, which goes on with its own', () => {
    expect(place([withProjector('a'), withProjector('b'), job('c')])).toEqual({ run: ['a', 'b'], wait: { c: undefined } });
  });
  test('is waited for by who has fetched all else, and takes nobody its turn', () => {
    expect(place([withProjector('a'), fetched(withProjector('b')), job('c')])).toEqual({ run: ['a', 'c'], wait });
  });
  test('is known by its content in another repository', () => {
    expect(place([withProjector('a'), fetched(withProjector('b', { repo: 'x/y' }))]).wait).toEqual(wait);
    expect(place([withProjector('a'), fetched(withProjector('b', { repo: 'x/y' }))], { isThere: (_, path) => path === 'b.gguf' }).wait).toEqual(wait);
  });
  test('is not waited for once it is there', () => {
    expect(place([withProjector('a'), fetched(withProjector('b'))], { isThere: (_, path) => path === projector.path }).run).toEqual(['a', 'b']);
  });
  test('belongs to whoever fetches it now, even while being stopped, and is no reason to stop it', () => {
    const stopping = withProjector('a', { state: 'paused' });
    expect(place([fetched(withProjector('b')), stopping], { busy: new Set([stopping]) })).toEqual({ run: [], wait });
    const [first, second] = [fetched(withProjector('a', { state: 'running' })), withProjector('b', { state: 'running' })];
    expect(place([first, second], { busy: new Set([first, second]) }).run).toEqual(['a', 'b']);
  });
});
